import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { change, remove } from "../api/calls.ts";
import { exported } from "../api/files.ts";
import type { Conversation } from "../api/types.ts";
import { forget, tell } from "../chat/sessions.ts";
import { address, go } from "../route.ts";
import type { Texts } from "../texts/en.ts";
import { useTexts } from "../texts/index.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { download } from "../ui/download.ts";
import { Field } from "../ui/Field.tsx";
import { Menu, type Choice } from "../ui/Menu.tsx";
import { Notice } from "../ui/Notice.tsx";
import { reload } from "./useConversations.ts";

interface Props {
  about: Conversation;
  current: boolean;
  onPicked: () => void;
}

export function ConversationRow({ about, current, onPicked }: Props) {
  const t = useTexts();
  const client = useQueryClient();
  const [asking, setAsking] = useState<"rename" | "delete" | null>(null);
  const archive = async (): Promise<void> => {
    await change(about.id, { archived: !about.archived });
    await reload(client);
  };
  return (
    <div className={`group flex items-center rounded-lg pr-1 hover:bg-raised ${current ? "bg-raised" : ""}`}>
      <a href={address(about.id)} aria-current={current ? "page" : undefined} className="min-w-0 flex-1 truncate rounded-lg px-3 py-2 text-sm" title={about.title} onClick={onPicked}>
        <bdi>{about.title}</bdi>
        {about.match && <bdi className="block truncate text-xs text-faint">{about.match.text}</bdi>}
      </a>
      <span className="quiet flex">
        <Menu label={t.options(about.title)} choices={choices(about, t, setAsking, () => void archive(), () => void save(about))} />
      </span>
      {asking === "rename" && <Rename about={about} onClose={() => setAsking(null)} />}
      {asking === "delete" && <Delete about={about} current={current} onClose={() => setAsking(null)} />}
    </div>
  );
}

function choices(about: Conversation, t: Texts, ask: (what: "rename" | "delete") => void, archive: () => void, save: () => void): Choice[] {
  return [
    { label: t.rename, icon: "edit", act: () => ask("rename") },
    { label: about.archived ? t.unarchive : t.archive, icon: "archive", act: archive },
    { label: t.export, icon: "download", act: save },
    { label: t.delete, icon: "trash", danger: true, act: () => ask("delete") },
  ];
}

/** Named by its title, but for what file systems do not take. */
async function save({ id, title }: Conversation): Promise<void> {
  const name = title.replace(/[\p{Cc}\s\\/:*?"<>|]+/gu, " ").trim().slice(0, 80);
  download(URL.createObjectURL(await exported(id)), `${name || id}.md`);
}

function Rename({ about, onClose }: { about: Conversation; onClose: () => void }) {
  const t = useTexts();
  const [title, setTitle] = useState(about.title);
  const [act, problem] = useAct(onClose);
  const save = (event: FormEvent): void => {
    event.preventDefault();
    act(async () => tell(await change(about.id, { title })));
  };
  return (
    <Dialog title={t.rename} onClose={onClose}>
      <form className="flex flex-col gap-4" onSubmit={save}>
        <Field label={t.title} autoFocus required value={title} onChange={(event) => setTitle(event.target.value)} />
        {problem && <Notice>{t.wentWrong(problem)}</Notice>}
        <button type="submit" className="act-main self-end">{t.save}</button>
      </form>
    </Dialog>
  );
}

function Delete({ about, current, onClose }: { about: Conversation; current: boolean; onClose: () => void }) {
  const t = useTexts();
  const [act, problem] = useAct(onClose);
  const drop = async (): Promise<void> => {
    await remove(about.id);
    forget(about.id);
    if (current) go(null);
  };
  return (
    <Dialog title={t.delete} onClose={onClose}>
      <p className="break-words">{t.deleteAsk(about.title)}</p>
      {problem && <Notice>{t.wentWrong(problem)}</Notice>}
      <div className="mt-4 flex justify-end gap-2">
        <button type="button" className="act" onClick={onClose}>{t.cancel}</button>
        <button type="button" className="act-main bg-danger text-page" onClick={() => act(drop)}>{t.delete}</button>
      </div>
    </Dialog>
  );
}

/** Does something to a conversation, then closes the dialog and reads the list again; or tells why not. */
function useAct(onDone: () => void): [(job: () => Promise<unknown>) => void, string | null] {
  const client = useQueryClient();
  const [problem, setProblem] = useState<string | null>(null);
  const act = (job: () => Promise<unknown>): void => {
    job().then(
      () => {
        onDone();
        return reload(client);
      },
      (error: Error) => setProblem(error.message),
    );
  };
  return [act, problem];
}
