// Asks a chatops server as `useChat` does, and reads its streams with the AI SDK's own reader, which checks every part.
// node read_stream.js URL: one JSON object on standard output.
import { DefaultChatTransport, readUIMessageStream } from "ai";

const transport = new DefaultChatTransport({ api: `${process.argv[2]}/api/chat` });
const chatId = "Chat-1";
const question = { id: "question-1", role: "user", parts: [{ type: "text", text: "hi" }] };

async function read(stream) {
  const chunks = [];
  const seen = new TransformStream({
    transform(chunk, controller) {
      chunks.push(chunk);
      controller.enqueue(chunk);
    },
  });
  let last;
  const onError = (error) => {
    throw error;
  };
  for await (const message of readUIMessageStream({ stream: stream.pipeThrough(seen), onError })) last = message;
  return { types: chunks.map((chunk) => chunk.type), message: last };
}

const sent = { chatId, messages: [question], trigger: "submit-message", messageId: undefined, abortSignal: undefined };
const asked = await read(await transport.sendMessages(sent));
const resumed = await read(await transport.reconnectToStream({ chatId }));
const again = { ...sent, trigger: "regenerate-message", messageId: asked.message.id };
const regenerated = await read(await transport.sendMessages(again));
console.log(JSON.stringify({ asked, resumed, regenerated }));
