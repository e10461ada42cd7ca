import { use, useState, type KeyboardEvent } from "react";
import { useTexts } from "../texts/index.ts";
import { CopyButton } from "../ui/CopyButton.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Editing } from "./acts.ts";
import { FileShown } from "./FileShown.tsx";
import type { MessageProps } from "./Message.tsx";
import { filesOf, textOf } from "./shown.ts";
import { Versions } from "./Versions.tsx";

/** What the person asked: shown as it was typed. */
export function Question({ session, message, acts }: MessageProps) {
  const t = useTexts();
  const editing = use(Editing);
  const text = textOf(message);
  const key = session.keyOf(message.id);
  if (editing.id === key) {
    return <Editor text={text} lone={filesOf(message).length === 0} onCancel={() => editing.set(null)} onSend={(next) => acts.edit(message.id, next)} />;
  }
  return (
    <div className="group flex flex-col items-end gap-1">
      <h3 className="sr-only">{t.you}</h3>
      {filesOf(message).map((file, place) => <FileShown key={place} file={file} />)}
      {text && <p className="max-w-[85%] rounded-2xl bg-mine px-4 py-2 break-words whitespace-pre-wrap" dir="auto">{text}</p>}
      <div className="flex items-center gap-1">
        <Versions session={session} id={message.id} acts={acts} />
        <span className="quiet flex gap-1">
          {text && <CopyButton text={text} label={t.copy} />}
          <button type="button" className="act-icon" aria-label={t.edit} title={t.edit} onClick={() => editing.set(key)}>
            <Icon name="edit" />
          </button>
        </span>
      </div>
    </div>
  );
}

/** `lone`: there is nothing but the text, so it cannot be empty. */
function Editor({ text, lone, onSend, onCancel }: { text: string; lone: boolean; onSend: (text: string) => void; onCancel: () => void }) {
  const t = useTexts();
  const [value, setValue] = useState(text);
  const ready = !lone || value.trim() !== "";
  const send = (): void => {
    if (ready) onSend(value);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Escape") onCancel();
    else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    }
  };
  return (
    <div className="flex flex-col gap-2 rounded-2xl bg-mine p-3">
      <textarea autoFocus className="field field-sizing-content max-h-96" aria-label={t.edit} value={value} onChange={(event) => setValue(event.target.value)} onKeyDown={onKeyDown} />
      <div className="flex justify-end gap-2">
        <button type="button" className="act" onClick={onCancel}>{t.cancel}</button>
        <button type="button" className="act-main" disabled={!ready} onClick={send}>{t.editSend}</button>
      </div>
    </div>
  );
}
