// winston (Node.js): its own HTTP transport, in batches. Each log line is a record: {"level", "message", …} and the fields
// that the caller added. Give each line an id, so that a line that is sent twice is stored once.
const { randomUUID } = require("node:crypto");
const winston = require("winston");

const logger = winston.createLogger({
  transports: [
    new winston.transports.Http({
      host: "127.0.0.1",
      port: Number(process.env.PORT ?? 8000),
      path: "/records",
      // A record that can never be stored goes to the dead-letter queue, and costs the others nothing.
      headers: { prefer: "handling=lenient" },
      batch: true, // one array of records per request
      batchCount: 10,
      batchInterval: 500,
    }),
  ],
});

for (let n = 0; n < 25; n += 1) {
  logger.info("from winston", { id: randomUUID(), n, run: process.env.RUN ?? "example" });
}
