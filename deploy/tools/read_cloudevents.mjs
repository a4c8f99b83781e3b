// Reads each file as a structured CloudEvent from Kafka with the official SDK, validates it, and
// writes it again, one a line. Fails on what is none.
import { readFileSync } from "node:fs";
import { Kafka } from "cloudevents";

for (const file of process.argv.slice(2)) {
  const value = readFileSync(file, "utf8");
  const headers = { "content-type": "application/cloudevents+json" };
  const event = Kafka.toEvent({ headers, value, body: value });
  event.validate();
  console.log(Kafka.structured(event).value);
}
