import { useId, useRef, useState, type ComponentType, type KeyboardEvent } from "react";
import { session as account } from "../api/session.ts";
import { useStore } from "../store.ts";
import type { Texts } from "../texts/en.ts";
import { useTexts } from "../texts/index.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Appearance } from "./Appearance.tsx";
import { Links } from "./Links.tsx";
import { Tokens } from "./Tokens.tsx";
import { UsageView } from "./Usage.tsx";

interface Tab {
  title: (t: Texts) => string;
  panel: ComponentType;
  /** Whether it is for those only who signed in. */
  account: boolean;
}

const tabs: Tab[] = [
  { title: (t) => t.appearance, panel: Appearance, account: false },
  { title: (t) => t.usage, panel: UsageView, account: false },
  { title: (t) => t.tokensTitle, panel: Tokens, account: true },
  { title: (t) => t.links, panel: Links, account: true },
];

export function Settings({ onClose }: { onClose: () => void }) {
  const t = useTexts();
  const who = useStore(account);
  const [at, setAt] = useState(0);
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const offered = tabs.filter((tab) => !tab.account || (who.state === "in" && who.login));
  const Panel = offered[at]?.panel ?? Appearance;
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = (at + step + offered.length) % offered.length;
    setAt(next);
    (list.current?.children[next] as HTMLElement | undefined)?.focus();
  };
  return (
    <Dialog title={t.settings} onClose={onClose} wide>
      <div ref={list} role="tablist" aria-label={t.settings} className="mb-5 flex flex-wrap gap-1 border-b border-line" onKeyDown={onKeyDown}>
        {offered.map((tab, place) => (
          <button
            key={place}
            type="button"
            role="tab"
            id={`${id}-${place}`}
            aria-selected={place === at}
            aria-controls={`${id}-panel`}
            tabIndex={place === at ? 0 : -1}
            className={`px-3 py-2 ${place === at ? "border-b-2 border-accent font-medium" : "text-faint"}`}
            onClick={() => setAt(place)}
          >
            {tab.title(t)}
          </button>
        ))}
      </div>
      <div id={`${id}-panel`} role="tabpanel" aria-labelledby={`${id}-${at}`} className="min-h-72">
        <Panel />
      </div>
    </Dialog>
  );
}
