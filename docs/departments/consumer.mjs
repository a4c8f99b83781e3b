// A department's own consumer: it signs what it is given to lead. Run: npm install kafkajs@2.2.4 && node consumer.mjs
import { Kafka, logLevel } from "kafkajs";

const { KAFKA_BOOTSTRAP_SERVERS, DEPARTMENT: me, GRIDCASE_PREFIX: prefix = "" } = process.env;
const kafka = new Kafka({ brokers: KAFKA_BOOTSTRAP_SERVERS.split(","), logLevel: logLevel.ERROR });
const consumer = kafka.consumer({ groupId: `${prefix}department-${me}.desk` });
const producer = kafka.producer();

await Promise.all([consumer.connect(), producer.connect()]);
await consumer.subscribe({ topic: `${prefix}assignments.${me}`, fromBeginning: true });
await consumer.run({
  eachMessage: async ({ message }) => {
    const { id, type, data } = JSON.parse(message.value);
    if (type !== "assignment.created.v1" || data.role !== "lead") return;
    const update = { update_id: `sign-${id}`, case_id: data.case_id, action: "sign", at: data.at, by: `desk@${me}` };
    await producer.send({ topic: `${prefix}updates.${me}`, messages: [{ key: data.case_id, value: JSON.stringify(update) }] });
  },
});
