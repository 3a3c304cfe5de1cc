// What most would write in Node: one SendMessage a request.
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import fastify from "fastify";

const sqs = new SQSClient({ endpoint: process.env.AWS_ENDPOINT_URL, region: process.env.AWS_DEFAULT_REGION });
const app = fastify();

app.post("/records", async (request, reply) => {
  const answer = await sqs.send(
    new SendMessageCommand({ QueueUrl: process.env.RECORD_QUEUE_URL, MessageBody: JSON.stringify(request.body) }),
  );
  reply.code(202);
  return { message_id: answer.MessageId };
});

await app.listen({ host: "127.0.0.1", port: Number(process.argv[2]) });
