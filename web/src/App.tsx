import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { session as account, start } from "./api/session.ts";
import { SignIn } from "./auth/SignIn.tsx";
import { Conversation } from "./chat/Conversation.tsx";
import { Header } from "./chat/Header.tsx";
import { opened, sessionOf, tell } from "./chat/sessions.ts";
import { go, route } from "./route.ts";
import { Settings, type TabName } from "./settings/Settings.tsx";
import { useShortcuts } from "./shortcuts.ts";
import { Sidebar } from "./sidebar/Sidebar.tsx";
import { reload, retitle, watch, watching } from "./sidebar/useConversations.ts";
import { useStore } from "./store.ts";
import { useTexts } from "./texts/index.ts";
import { Icon } from "./ui/Icon.tsx";

export function App() {
  const t = useTexts();
  const who = useStore(account);
  switch (who.state) {
    case "starting":
      return <p className="p-6 text-faint">{t.loading}</p>;
    case "unreachable":
      return (
        <main className="flex h-full flex-col items-center justify-center gap-4">
          <p>{t.unreachable}</p>
          <button type="button" className="act-main" onClick={() => void start()}>{t.tryAgain}</button>
        </main>
      );
    case "out":
      return <SignIn expired={who.expired} />;
    case "in":
      return <Page />;
  }
}

function Page() {
  const t = useTexts();
  const id = useStore(route);
  const session = sessionOf(id);
  const { title: told } = useStore(session.view);
  const [drawer, setDrawer] = useState(false);
  const [settings, setSettings] = useState<TabName | null>(null);
  const search = useRef<HTMLInputElement>(null);
  const title = told ?? t.newChat;
  const openSettings = (): void => {
    setDrawer(false);
    setSettings("appearance");
  };
  useLive(session);
  useShortcuts({
    startNew: () => go(null),
    search: () => {
      setDrawer(true); // where the list is always there, this changes nothing
      requestAnimationFrame(() => search.current?.focus());
    },
    help: () => setSettings("keys"),
  });
  useEffect(() => {
    document.title = told === null ? t.app : `${told} · ${t.app}`;
  }, [told, t]);
  return (
    <div className="flex h-full">
      <a href="#main" className="sr-only focus:not-sr-only focus:absolute focus:z-30 focus:bg-page focus:p-3" onClick={skip}>{t.skip}</a>
      {drawer && <div className="fixed inset-0 z-10 bg-black/40 md:hidden" onClick={() => setDrawer(false)} />}
      <div id="sidebar" className={`fixed inset-y-0 left-0 z-20 w-72 shrink-0 border-r border-line md:static md:visible ${drawer ? "" : "invisible -translate-x-full md:translate-x-0"}`}>
        <Sidebar open={id} search={search} onPicked={() => setDrawer(false)} onSettings={openSettings} />
      </div>
      <main id="main" tabIndex={-1} className="flex min-w-0 flex-1 flex-col focus-visible:outline-none">
        <Header session={session} title={title}>
          <button type="button" className="act-icon md:hidden" aria-label={drawer ? t.closeSidebar : t.openSidebar} aria-expanded={drawer} aria-controls="sidebar" onClick={() => setDrawer(!drawer)}>
            <Icon name="menu" />
          </button>
        </Header>
        <Conversation key={session.id} session={session} />
      </main>
      {settings && <Settings first={settings} onClose={() => setSettings(null)} />}
    </div>
  );
}

/** The address behind the `#` is the open conversation's: the skip link must not change it. */
function skip(event: { preventDefault: () => void }): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** Titles that arrive, and what other tabs and front ends did. */
function useLive(session: ReturnType<typeof sessionOf>): void {
  const client = useQueryClient();
  useEffect(() => {
    // After a new sign-in they go on where they were.
    for (const open of opened()) if (open.view.get().refusal) void open.settle();
  }, []);
  useEffect(() => {
    session.onChange = (title) => {
      if (title !== null) retitle(client, session.id, title);
      void reload(client);
    };
  }, [client, session]);
  useEffect(
    () =>
      watching(() =>
        watch(client, (newest) => newest.forEach(tell)),
      ),
    [client],
  );
}
