import type { Conversation } from "../api/types.ts";
import { newId } from "../ids.ts";
import { ConversationSession } from "./session.ts";

const MOST = 8;
const open = new Map<string, ConversationSession>();
let fresh = new ConversationSession(newId(), true);

/**
 * The session of a conversation; null: the new one that nobody has written in yet. The ones that were looked at last
 * stay, so that an answer goes on while another conversation is open.
 */
export function sessionOf(id: string | null): ConversationSession {
  if (id === null) {
    if (fresh.view.get().phase !== "new") fresh = new ConversationSession(newId(), true);
    return fresh;
  }
  const session = open.get(id) ?? (fresh.id === id ? fresh : new ConversationSession(id, false));
  open.delete(id);
  open.set(id, session);
  for (const [other, idle] of open) {
    if (open.size <= MOST) break;
    if (!idle.busy) open.delete(other);
  }
  return session;
}

export function forget(id: string): void {
  open.delete(id);
}

export function opened(): ConversationSession[] {
  return [...open.values()];
}

/** Tells the session of a conversation, if it is open, what is known of it now. */
export function tell(about: Conversation): void {
  open.get(about.id)?.heard(about);
}
