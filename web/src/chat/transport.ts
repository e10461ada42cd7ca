import { DefaultChatTransport } from "ai";
import { ApiError, LostError } from "../api/errors.ts";
import { authorized } from "../api/session.ts";
import type { Shown } from "./shown.ts";
import { untilItMayWork } from "./waiting.ts";

/** What a turn asks for beyond its message. */
export interface Ask {
  kind: "submit" | "edit" | "regenerate" | "continue";
  client_id: string;
  message_id?: string | undefined;
  parent_id?: string | null | undefined;
  model?: string | undefined;
  system?: string | undefined;
}

/** The AI SDK's own transport over our API: one message goes up, its turn's stream comes down. */
export function transport(onLost: (lost: boolean) => void): DefaultChatTransport<Shown> {
  return new DefaultChatTransport<Shown>({
    api: "/api/chat",
    fetch: (input, init) => insistent(String(input), init ?? {}, onLost),
    prepareSendMessagesRequest: ({ id, messages, body }) => ({ body: wire(id, messages, body as unknown as Ask) }),
  });
}

function wire(id: string, messages: Shown[], ask: Ask): object {
  const { kind, message_id, ...rest } = ask;
  const asks = kind === "submit" || kind === "edit";
  return {
    ...rest,
    id,
    trigger: { submit: "submit-message", edit: "submit-message", regenerate: "regenerate-message", continue: "continue-message" }[kind],
    ...(asks ? { message: messages.at(-1) } : {}),
    ...(message_id ? { messageId: message_id } : {}),
  };
}

/** Asks again while there is no answer at all: the same `client_id` never makes a second turn. */
async function insistent(path: string, init: RequestInit, onLost: (lost: boolean) => void): Promise<Response> {
  for (let tries = 0; ; tries++) {
    try {
      const response = await authorized(path, init);
      onLost(false);
      if (!response.ok) throw await ApiError.from(response);
      return response;
    } catch (error) {
      if (!(error instanceof LostError)) throw error;
      onLost(true);
      await untilItMayWork(tries);
      init.signal?.throwIfAborted();
    }
  }
}
