import { Store } from "./store.ts";

/** The open conversation's id, from `#/c/ID`; null: a new one. Behind the `#` it never reaches a server's log. */
export const route = new Store<string | null>(read());

addEventListener("hashchange", () => route.set(read()));

function read(): string | null {
  const id = /^#\/c\/([^/]+)$/.exec(location.hash)?.[1];
  return id ? decodeURIComponent(id) : null;
}

export function address(id: string | null): string {
  return id ? `#/c/${encodeURIComponent(id)}` : "#/";
}

/** Opens a conversation. `replace` leaves no step back: a new conversation that got its id. */
export function go(id: string | null, how: { replace?: boolean } = {}): void {
  if (how.replace) history.replaceState(null, "", address(id));
  else history.pushState(null, "", address(id));
  route.set(id);
}

addEventListener("popstate", () => route.set(read()));
