import { useRef } from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import type { Conversation } from "../api/types.ts";
import { useStore } from "../store.ts";
import { language, useTexts } from "../texts/index.ts";
import { Notice } from "../ui/Notice.tsx";
import { ConversationRow } from "./ConversationRow.tsx";
import { groupOf } from "./groups.ts";
import { useConversations } from "./useConversations.ts";

const AHEAD = 400;

interface Props {
  q: string;
  archived: boolean;
  open: string | null;
  onPicked: () => void;
}

/** All conversations, however many: the next page is read before the end of the list is reached. */
export function ConversationList({ q, archived, open, onPicked }: Props) {
  const t = useTexts();
  const list = useConversations(q, archived);
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useRef<VirtualizerHandle>(null);
  const found = list.data?.pages.flatMap((page) => page.items) ?? [];
  const groups = useGroups(found);
  const onScroll = (): void => {
    const element = scroller.current;
    if (!element || !list.hasNextPage || list.isFetchingNextPage) return;
    if (element.scrollHeight - element.scrollTop - element.clientHeight < AHEAD) void list.fetchNextPage();
  };
  if (list.isError) return <Notice>{t.wentWrong(list.error.message)}</Notice>;
  if (list.isSuccess && found.length === 0) return <p className="px-2 text-faint">{q ? t.nothingFound : t.noConversations}</p>;
  return (
    <div ref={scroller} className="-mx-1 h-full overflow-y-auto px-1" onScroll={onScroll}>
      <Virtualizer ref={virtual} scrollRef={scroller} as="ul" item="li" onScrollEnd={onScroll}>
        {found.flatMap((one, place) => {
          const group = q ? null : groups[place];
          const row = <ConversationRow key={one.id} about={one} current={one.id === open} onPicked={onPicked} />;
          return group && group !== groups[place - 1] ? [<Group key={group} title={group} />, row] : [row];
        })}
      </Virtualizer>
    </div>
  );
}

function Group({ title }: { title: string }) {
  return <h2 className="px-3 pt-3 pb-1 text-xs font-medium text-faint">{title}</h2>;
}

function useGroups(found: readonly Conversation[]): string[] {
  const t = useTexts();
  const month = new Intl.DateTimeFormat(useStore(language), { month: "long", year: "numeric" });
  const today = new Date().setHours(0, 0, 0, 0);
  return found.map((one) => groupOf(new Date(one.updated_at), today, t, month));
}
