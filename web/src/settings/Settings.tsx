import { useId, useRef, useState, type ComponentType, type KeyboardEvent } from "react";
import { session as account } from "../api/session.ts";
import { People } from "../people/People.tsx";
import { useStore } from "../store.ts";
import type { Texts } from "../texts/en.ts";
import { useTexts } from "../texts/index.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { AccountView } from "./Account.tsx";
import { Appearance } from "./Appearance.tsx";
import { Links } from "./Links.tsx";
import { Shortcuts } from "./Shortcuts.tsx";
import { Tokens } from "./Tokens.tsx";
import { UsageView } from "./Usage.tsx";

interface Tab {
  name: TabName;
  title: (t: Texts) => string;
  panel: ComponentType;
  /** Whether it is for those only who signed in, or for administrators among them. */
  wants?: "login" | "admin";
}

export type TabName = "appearance" | "account" | "usage" | "tokens" | "links" | "people" | "keys";

const tabs: Tab[] = [
  { name: "appearance", title: (t) => t.appearance, panel: Appearance },
  { name: "account", title: (t) => t.account, panel: AccountView, wants: "login" },
  { name: "usage", title: (t) => t.usage, panel: UsageView },
  { name: "tokens", title: (t) => t.tokensTitle, panel: Tokens, wants: "login" },
  { name: "links", title: (t) => t.links, panel: Links, wants: "login" },
  { name: "people", title: (t) => t.people, panel: People, wants: "admin" },
  { name: "keys", title: (t) => t.keys.title, panel: Shortcuts },
];

const STEPS: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

export function Settings({ first, onClose }: { first: TabName; onClose: () => void }) {
  const t = useTexts();
  const who = useStore(account);
  const [at, setAt] = useState<TabName>(first);
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const login = who.state === "in" && who.login;
  const admin = login && who.user.role === "admin";
  const offered = tabs.filter(({ wants }) => wants === undefined || (wants === "admin" ? admin : login));
  const place = offered.findIndex((tab) => tab.name === at);
  const Panel = offered[place]?.panel ?? Appearance;
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const next = (place + step + offered.length) % offered.length;
    setAt(offered[next]!.name);
    (list.current?.children[next] as HTMLElement | undefined)?.focus();
  };
  return (
    <Dialog title={t.settings} onClose={onClose} wide>
      <div className="flex flex-col gap-4 sm:h-[60dvh] sm:flex-row sm:gap-6">
        <div ref={list} role="tablist" aria-label={t.settings} className="flex shrink-0 gap-1 overflow-x-auto p-0.5 max-sm:-mx-5 max-sm:px-5 sm:w-44 sm:flex-col" onKeyDown={onKeyDown}>
          {offered.map((tab) => (
            <button
              key={tab.name}
              type="button"
              role="tab"
              id={`${id}-${tab.name}`}
              aria-selected={tab.name === at}
              aria-controls={`${id}-panel`}
              tabIndex={tab.name === at ? 0 : -1}
              className={`shrink-0 rounded-lg px-3 py-2 text-left whitespace-nowrap ${tab.name === at ? "bg-raised font-medium" : "text-faint hover:text-ink"}`}
              onClick={() => setAt(tab.name)}
            >
              {tab.title(t)}
            </button>
          ))}
        </div>
        <div id={`${id}-panel`} role="tabpanel" tabIndex={0} aria-labelledby={`${id}-${at}`} className="min-h-72 min-w-0 flex-1 overflow-y-auto p-1">
          <Panel />
        </div>
      </div>
    </Dialog>
  );
}
