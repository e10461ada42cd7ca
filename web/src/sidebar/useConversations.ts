import { useInfiniteQuery, type InfiniteData, type QueryClient } from "@tanstack/react-query";
import { conversations } from "../api/calls.ts";
import type { Conversation, Page } from "../api/types.ts";

const KEY = "conversations";
/** How often the list is looked at for what other front ends did. */
const WATCH_MS = 3_000;

type Pages = InfiniteData<Page<Conversation>, string | null>;

export function useConversations(q: string, archived: boolean) {
  return useInfiniteQuery({
    queryKey: [KEY, q, archived],
    queryFn: ({ pageParam }) => conversations(q, archived, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: (previous) => previous,
  });
}

/** The newest page alone, looked at every few seconds while the page is seen. */
export async function watch(client: QueryClient, onSeen: (newest: Conversation[]) => void): Promise<void> {
  const page = await conversations("", false, null);
  onSeen(page.items);
  const known = client.getQueryData<Pages>([KEY, "", false]);
  if (known && !same(known.pages[0]?.items ?? [], page.items)) await client.invalidateQueries({ queryKey: [KEY] });
}

/** Also as soon as the page is seen again: whoever comes back to it finds what happened elsewhere. */
export function watching(look: () => Promise<void>): () => void {
  const watch = (): void => {
    if (document.visibilityState === "visible") look().catch(() => undefined); // the next look may be luckier
  };
  const timer = setInterval(watch, WATCH_MS);
  document.addEventListener("visibilitychange", watch);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", watch);
  };
}

function same(a: Conversation[], b: Conversation[]): boolean {
  return a.length === b.length && a.every((one, place) => one.id === b[place]?.id && one.title === b[place]?.title);
}

/** Shows a title as soon as it is told; the list is read again besides. */
export function retitle(client: QueryClient, id: string, title: string): void {
  client.setQueriesData<Pages>({ queryKey: [KEY] }, (known) => {
    if (!known) return known;
    const pages = known.pages.map((page) => ({
      ...page,
      items: page.items.map((one) => (one.id === id ? { ...one, title } : one)),
    }));
    return { ...known, pages };
  });
}

export const reload = (client: QueryClient): Promise<void> => client.invalidateQueries({ queryKey: [KEY] });
