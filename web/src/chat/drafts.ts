import { Store } from "../store.ts";
import type { Draft } from "./session.ts";

const drafts = new Map<string, Store<Draft>>();

/** What was typed in a conversation and not sent yet. It outlives a reload of the page, but for its files. */
export function draftOf(id: string): Store<Draft> {
  const known = drafts.get(id);
  if (known) return known;
  const draft = new Store<Draft>({ text: kept(id), files: [] });
  draft.subscribe(() => keep(id, draft.get().text));
  drafts.set(id, draft);
  return draft;
}

const place = (id: string): string => `chatops.draft.${id}`;

function kept(id: string): string {
  try {
    return sessionStorage.getItem(place(id)) ?? "";
  } catch {
    return "";
  }
}

function keep(id: string, text: string): void {
  try {
    if (text) sessionStorage.setItem(place(id), text);
    else sessionStorage.removeItem(place(id));
  } catch {
    // full or forbidden: the text is still in the box
  }
}
