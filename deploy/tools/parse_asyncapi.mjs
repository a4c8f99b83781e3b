// Parses an AsyncAPI document with the official parser; exit code 1 on an error or a warning.
//   node parse_asyncapi.mjs FILE
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const WARNING = 1; // 0 error, 1 warning, 2 information (that there is a newer AsyncAPI), 3 hint
const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
const grave = diagnostics.filter((found) => found.severity <= WARNING);
for (const found of grave) {
  console.log(`${found.path.join(".")}: ${found.message} (${found.code})`);
}
console.log(`${document?.channels().length ?? 0} channels, ${document?.allMessages().length ?? 0} messages`);
process.exit(grave.length || !document ? 1 : 0);
