import { useDeferredValue, useState, type RefObject } from "react";
import { session as account, signOut } from "../api/session.ts";
import { go } from "../route.ts";
import { useStore } from "../store.ts";
import { useTexts } from "../texts/index.ts";
import { Icon } from "../ui/Icon.tsx";
import { ConversationList } from "./ConversationList.tsx";

interface Props {
  open: string | null;
  search: RefObject<HTMLInputElement | null>;
  onPicked: () => void;
  onSettings: () => void;
}

export function Sidebar({ open, search, onPicked, onSettings }: Props) {
  const t = useTexts();
  const [text, setText] = useState("");
  const [archived, setArchived] = useState(false);
  const q = useDeferredValue(text.trim());
  const startNew = (): void => {
    go(null);
    onPicked();
  };
  return (
    <nav aria-label={t.conversations} className="flex h-full flex-col gap-2 bg-side p-3">
      <button type="button" className="act-line bg-page" onClick={startNew}>
        <Icon name="plus" /> {t.newChat}
      </button>
      <div className="relative">
        <span className="pointer-events-none absolute top-2.5 left-2.5 text-faint"><Icon name="search" /></span>
        <input ref={search} type="search" className="field pl-9" aria-label={t.searchAll} placeholder={t.search} value={text} onChange={(event) => setText(event.target.value)} />
      </div>
      <div className="min-h-0 flex-1">
        <ConversationList q={q} archived={archived} open={open} onPicked={onPicked} />
      </div>
      <button type="button" className="act justify-start text-sm" aria-pressed={archived} onClick={() => setArchived(!archived)}>
        <Icon name="archive" /> {archived ? t.showActive : t.showArchived}
      </button>
      <Account onSettings={onSettings} />
    </nav>
  );
}

function Account({ onSettings }: { onSettings: () => void }) {
  const t = useTexts();
  const who = useStore(account);
  return (
    <footer className="flex items-center gap-1 border-t border-line pt-2">
      <bdi className="min-w-0 flex-1 truncate px-2 text-sm">{who.state === "in" ? (who.user.name ?? who.user.id) : ""}</bdi>
      <button type="button" className="act-icon" aria-label={t.settings} title={t.settings} aria-haspopup="dialog" onClick={onSettings}>
        <Icon name="settings" />
      </button>
      {who.state === "in" && who.login && (
        <button type="button" className="act text-sm" onClick={() => void signOut()}>{t.signOut}</button>
      )}
    </footer>
  );
}
