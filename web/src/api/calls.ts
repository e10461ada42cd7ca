import { call, callOpenly } from "./client.ts";
import { signedIn, type SignIn } from "./session.ts";
import type { Conversation, Page, Row } from "./types.ts";

const PAGE = 30;

interface Listing {
  conversations: Conversation[];
  next_cursor?: string;
}

/** A page of conversations, the one that was used last first; with `q` those with a message that holds every word. */
export async function conversations(q: string, archived: boolean, cursor: string | null): Promise<Page<Conversation>> {
  const query = { limit: PAGE, cursor, q, archived };
  const page = await call<Listing>("GET", "/api/conversations", { query });
  return { items: page.conversations, next: page.next_cursor ?? null };
}

export const conversation = (id: string): Promise<Conversation> => call("GET", conversationPath(id));

/** A page of a conversation's messages, all branches, newest first; `leaf` is the end of the active one. */
export async function messages(id: string, cursor: string | null, limit: number): Promise<Page<Row> & { leaf: string | null }> {
  const query = { branch: "all", order: "newest", cursor, limit };
  const page = await call<MessagePage>("GET", `${conversationPath(id)}/messages`, { query });
  return { items: page.messages, next: page.next_cursor ?? null, leaf: page.leaf_id ?? null };
}

interface MessagePage {
  messages: Row[];
  next_cursor?: string;
  leaf_id?: string;
}

export interface Changes {
  title?: string;
  archived?: boolean;
  leaf_id?: string;
}

export const change = (id: string, fields: Changes): Promise<Conversation> =>
  call("PATCH", conversationPath(id), { body: fields });

export const remove = (id: string): Promise<void> => call("DELETE", conversationPath(id));

export const fork = (id: string, leafId: string): Promise<Conversation> =>
  call("POST", `${conversationPath(id)}/fork`, { body: { leaf_id: leafId } });

export const stopTurn = (id: string): Promise<void> => call("POST", `/api/chat/${encodeURIComponent(id)}/stop`);

const conversationPath = (id: string): string => `/api/conversations/${encodeURIComponent(id)}`;

export interface ModelInfo {
  id: string;
  context?: number;
}

export interface Preset {
  name: string;
  model?: string;
  system?: string;
}

export interface Models {
  default: string;
  models: ModelInfo[];
  presets?: Preset[];
}

export const models = (): Promise<Models> => call("GET", "/api/models");

/** Who may make an account here; `first`: nobody has yet. */
export interface SignInInfo {
  registration: "first" | "open" | "invite" | "closed";
}

export const signInInfo = (): Promise<SignInInfo> => callOpenly("GET", "/api/auth");

export async function login(email: string, password: string): Promise<void> {
  signedIn(await callOpenly<SignIn>("POST", "/api/auth/login", { body: { email, password } }));
}

export interface Registration {
  email: string;
  name: string;
  password: string;
  invitation?: string;
}

export async function register(who: Registration): Promise<void> {
  signedIn(await callOpenly<SignIn>("POST", "/api/auth/register", { body: who }));
}
