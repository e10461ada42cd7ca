import { useEffect, useRef, useState, type ClipboardEvent, type DragEvent, type KeyboardEvent } from "react";
import { useStore } from "../store.ts";
import { useTexts } from "../texts/index.ts";
import { Icon } from "../ui/Icon.tsx";
import { Notice } from "../ui/Notice.tsx";
import { ACCEPTED, withFiles } from "./attachments.ts";
import { draftOf } from "./drafts.ts";
import { FileChip } from "./FileChip.tsx";
import type { Draft } from "./session.ts";

interface Props {
  id: string;
  busy: boolean;
  onSend: (draft: Draft) => void;
  onStop: () => void;
  onEditLast: () => void;
}

export function Composer({ id, busy, onSend, onStop, onEditLast }: Props) {
  const t = useTexts();
  const store = draftOf(id);
  const draft = useStore(store);
  const [problems, setProblems] = useState<string[]>([]);
  const [over, setOver] = useState(false);
  const box = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  useEffect(() => box.current?.focus({ preventScroll: true }), [id]);

  const ready = !busy && (draft.text.trim() !== "" || draft.files.length > 0);
  const send = (): void => {
    if (!ready) return;
    setProblems([]);
    store.set({ text: "", files: [] });
    onSend(draft);
  };
  const add = async (files: File[]): Promise<void> => {
    if (files.length === 0) return;
    const [next, wrong] = await withFiles(store.get(), files, t);
    store.set(next);
    setProblems(wrong);
    box.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape" && busy) onStop();
    else if (event.key === "ArrowUp" && draft.text === "") onEditLast();
  };
  const onPaste = (event: ClipboardEvent): void => {
    const files = [...event.clipboardData.files];
    if (files.length === 0) return;
    event.preventDefault();
    void add(files);
  };
  const onDrop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    void add([...event.dataTransfer.files]);
  };
  const onDragOver = (event: DragEvent): void => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    setOver(true);
  };

  return (
    <form
      className={`flex flex-col gap-2 rounded-2xl border bg-page p-2 shadow-sm ${over ? "border-accent" : "border-line"}`}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onDrop={onDrop}
      onDragOver={onDragOver}
      onDragLeave={() => setOver(false)}
    >
      {problems.length > 0 && <Notice>{problems.join(" ")}</Notice>}
      {over && <p className="px-2 text-faint">{t.dropHere}</p>}
      {draft.files.length > 0 && (
        <ul className="flex flex-wrap gap-2 px-1">
          {draft.files.map((file, place) => (
            <li key={place}>
              <FileChip
                file={file}
                onRemove={() => store.set({ ...draft, files: draft.files.filter((other) => other !== file) })}
              />
            </li>
          ))}
        </ul>
      )}
      <div className="flex items-end gap-1">
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          accept={ACCEPTED}
          aria-label={t.attach}
          onChange={(event) => {
            void add([...(event.target.files ?? [])]);
            event.target.value = "";
          }}
        />
        <button type="button" className="act-icon size-10" aria-label={t.attach} title={t.attach} onClick={() => picker.current?.click()}>
          <Icon name="paperclip" />
        </button>
        <textarea
          ref={box}
          className="field-sizing-content max-h-64 min-h-10 flex-1 resize-none bg-transparent px-2 py-2 placeholder:text-faint focus-visible:outline-none"
          rows={1}
          aria-label={t.message}
          placeholder={t.placeholder}
          value={draft.text}
          onChange={(event) => store.set({ ...draft, text: event.target.value })}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
        />
        {busy ? (
          <button type="button" className="act-main size-10 px-0" aria-label={t.stop} title={t.stop} onClick={onStop}>
            <Icon name="stop" />
          </button>
        ) : (
          <button type="submit" className="act-main size-10 px-0" aria-label={t.send} title={t.send} disabled={!ready}>
            <Icon name="send" />
          </button>
        )}
      </div>
    </form>
  );
}
