import { useChat } from "@ai-sdk/react";
import { useCallback, useEffect, useMemo, useState } from "react";
import { fork } from "../api/calls.ts";
import { go, route } from "../route.ts";
import { useStore } from "../store.ts";
import { useTexts } from "../texts/index.ts";
import { Notice } from "../ui/Notice.tsx";
import { Announcer } from "./Announcer.tsx";
import { Editing, type Acts } from "./acts.ts";
import { Composer } from "./Composer.tsx";
import { draftOf } from "./drafts.ts";
import { MessageList } from "./MessageList.tsx";
import { ModelDialog } from "../models/ModelDialog.tsx";
import type { Wishes } from "./wishes.ts";
import type { ConversationSession, Draft } from "./session.ts";
import { textOf } from "./shown.ts";

/** A frame at 60 Hz. A turn's start is drawn right before its first token, which waits for this long at most. */
const THROTTLE_MS = 16;

export function Conversation({ session }: { session: ConversationSession }) {
  const t = useTexts();
  const wishes = useStore(session.wishes);
  const { messages, status } = useChat({ chat: session.chat, experimental_throttle: THROTTLE_MS });
  const view = useStore(session.view);
  const [editing, setEditing] = useState<string | null>(null);
  const [asking, setAsking] = useState<string | null>(null);
  const running = status === "submitted" || status === "streaming" || view.elsewhere;
  const acts = useActs(session, wishes, setEditing, setAsking);
  const focus = useMemo(() => ({ id: editing, set: setEditing }), [editing]);
  const last = messages.at(-1);

  useEffect(() => {
    session.onUnsent = (draft) => restore(session.id, draft);
  }, [session]);

  const send = (draft: Draft): void => {
    void session.send(draft, wishes);
    if (route.get() === null) go(session.id, { replace: true });
  };
  const editLast = (): void => {
    const question = messages.findLast((message) => message.role === "user");
    setEditing(question ? session.keyOf(question.id) : null);
  };

  return (
    <Editing value={focus}>
      <section className="flex min-h-0 flex-1 flex-col" aria-busy={view.phase === "loading"}>
        {view.phase === "loading" && messages.length === 0 && <p className="m-auto text-faint">{t.loading}</p>}
        {view.phase === "missing" && <p className="m-auto text-faint">{t.gone}</p>}
        {messages.length > 0 && <MessageList session={session} messages={messages} running={running} acts={acts} />}
        {view.phase === "new" && messages.length === 0 && <h1 className="mx-auto mt-auto px-4 pb-6 text-center text-2xl font-semibold">{t.emptyChat}</h1>}
        <Announcer text={last?.role === "assistant" ? textOf(last) : ""} running={running} />
        <div className={`mx-auto flex w-full max-w-200 flex-col gap-2 px-4 pb-3 ${view.phase === "new" ? "mb-auto" : ""}`}>
          <Troubles session={session} />
          <Composer id={session.id} busy={running} onSend={send} onStop={() => void session.stop()} onEditLast={editLast} />
        </div>
        {asking && (
          <ModelDialog
            onClose={() => setAsking(null)}
            onChoose={(model) => {
              setAsking(null);
              void session.regenerate(asking, { ...wishes, model });
            }}
          />
        )}
      </section>
    </Editing>
  );
}

function Troubles({ session }: { session: ConversationSession }) {
  const t = useTexts();
  const { lost, refusal, elsewhere } = useStore(session.view);
  return (
    <>
      {elsewhere && <p role="status" className="text-sm text-faint">{t.elsewhere}</p>}
      {lost && <Notice>{t.lost}</Notice>}
      {refusal && (
        <Notice>
          {refusal.message} {refusal.retryAfter !== undefined && t.retryIn(Math.ceil(refusal.retryAfter))}
        </Notice>
      )}
    </>
  );
}

function useActs(
  session: ConversationSession,
  wishes: Wishes,
  setEditing: (id: string | null) => void,
  setAsking: (id: string | null) => void,
): Acts {
  const edit = useCallback(
    (id: string, text: string) => {
      setEditing(null);
      void session.edit(id, text, wishes);
    },
    [session, wishes, setEditing],
  );
  return useMemo(
    () => ({
      edit,
      retry: (id) => void session.regenerate(id, wishes),
      retryWith: setAsking,
      goOn: (id) => void session.goOn(id, wishes),
      show: (id) => session.show(id),
      fork: (id) => void fork(session.id, id).then((copy) => go(copy.id), session.refused),
    }),
    [session, wishes, edit, setAsking],
  );
}

/** What could not be sent is in the box again, before anything that was typed since. */
function restore(id: string, unsent: Draft): void {
  const draft = draftOf(id);
  const now = draft.get();
  draft.set({ text: [unsent.text, now.text].filter(Boolean).join("\n\n"), files: [...unsent.files, ...now.files] });
}
