// Makes Java classes of JSON Schemas, with what reads JSON into them (Jackson): node java_types.mjs FOLDER NAME=SCHEMA.json …
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { InputData, JSONSchemaInput, quicktypeMultiFile } from "quicktype-core";

const [folder, ...pairs] = process.argv.slice(2);
for (const pair of pairs) {
  const [name, file] = pair.split("=");
  const input = new JSONSchemaInput(undefined);
  await input.addSource({ name, schema: readFileSync(file, "utf8") });
  const inputData = new InputData();
  inputData.addInput(input);
  const rendererOptions = { package: `gridcase.${name.toLowerCase()}`, "array-type": "list" };
  const made = await quicktypeMultiFile({ inputData, lang: "java", rendererOptions });
  for (const [path, { lines }] of made) writeFileSync(join(folder, `${name}-${basename(path)}`), lines.join("\n"));
}
