import { use, useCallback, useEffect, useRef } from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import { useStore } from "../store.ts";
import { useTexts } from "../texts/index.ts";
import { Icon } from "../ui/Icon.tsx";
import { Message } from "./Message.tsx";
import { Editing, type Acts } from "./acts.ts";
import type { ConversationSession } from "./session.ts";
import type { Shown } from "./shown.ts";
import { useScroll } from "./useScroll.ts";

interface Props {
  session: ConversationSession;
  messages: Shown[];
  running: boolean;
  acts: Acts;
}

/** The branch that is shown, however long: only what is near the window is on the page. */
export function MessageList({ session, messages, running, acts }: Props) {
  const t = useTexts();
  const { older } = useStore(session.view);
  const scroller = useRef<HTMLDivElement>(null);
  const loading = useRef(false);
  const onOlder = useCallback(() => {
    if (loading.current || !session.view.get().older) return;
    loading.current = true;
    void session
      .loadOlder()
      .catch(() => undefined) // the next scroll asks again
      .finally(() => (loading.current = false));
  }, [session]);
  const last = messages.at(-1);
  const asked = last?.role === "user" ? last.id : undefined;
  const { onScroll, goToEnd, letGo, away } = useScroll(scroller, asked, onOlder);
  const virtual = useRef<VirtualizerHandle>(null);
  const { id: editing } = use(Editing);
  // What is edited may be far above a long answer, and not on the page at all.
  useEffect(() => {
    const place = session.chat.messages.findIndex((message) => session.keyOf(message.id) === editing);
    if (place < 0) return;
    letGo();
    virtual.current?.scrollToIndex(place, { align: "nearest" });
  }, [editing, session, letGo]);
  const before = useRef<string | undefined>(undefined);
  const first = messages[0]?.id;
  // Older messages were put before the ones that were there: what is in view has to stay where it is.
  const prepended = before.current !== undefined && first !== before.current && messages.some((m) => m.id === before.current);
  before.current = first;

  return (
    <div className="relative min-h-0 flex-1">
      <div ref={scroller} onScroll={onScroll} tabIndex={0} role="region" aria-label={t.conversations} className="h-full overflow-y-auto px-4 [overflow-anchor:none]">
        <Virtualizer ref={virtual} scrollRef={scroller} shift={prepended} as="ol" item="li" keepMounted={running ? [messages.length - 1] : []}>
          {messages.map((message, place) => (
            <Message
              key={session.keyOf(message.id)}
              session={session}
              message={message}
              last={place === messages.length - 1}
              growing={running && place === messages.length - 1 && message.role === "assistant"}
              acts={acts}
            />
          ))}
        </Virtualizer>
      </div>
      {older && <span className="sr-only">{t.older}</span>}
      {away && (
        <button type="button" onClick={goToEnd} aria-label={t.toNewest} title={t.toNewest} className="absolute right-6 bottom-3 inline-flex size-10 items-center justify-center rounded-full border border-line bg-page shadow-md">
          <Icon name="down" />
        </button>
      )}
    </div>
  );
}
