import { useId, useState, type FormEvent } from "react";
import { useTexts } from "../texts/index.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Labelled } from "../ui/Field.tsx";
import type { Wishes } from "../chat/wishes.ts";
import { useModels } from "./useModels.ts";

interface Props {
  system: string;
  onSave: (wishes: Wishes) => void;
  onClose: () => void;
}

/** The system prompt of a conversation, written by hand or taken from a preset, which may bring its model. */
export function InstructionsDialog({ system, onSave, onClose }: Props) {
  const t = useTexts();
  const presets = useModels().presets ?? [];
  const [wishes, setWishes] = useState<Wishes>({ system });
  const [text, select] = [useId(), useId()];
  const choose = (name: string): void => {
    const preset = presets.find((other) => other.name === name);
    if (preset) setWishes({ system: preset.system ?? "", model: preset.model });
  };
  const save = (event: FormEvent): void => {
    event.preventDefault();
    onSave(wishes);
  };
  return (
    <Dialog title={t.instructions} onClose={onClose}>
      <form className="flex flex-col gap-4" onSubmit={save}>
        {presets.length > 0 && (
          <Labelled id={select} label={t.preset}>
            <select id={select} className="field" defaultValue="" onChange={(event) => choose(event.target.value)}>
              <option value="">{t.noPreset}</option>
              {presets.map((preset) => <option key={preset.name}>{preset.name}</option>)}
            </select>
          </Labelled>
        )}
        <Labelled id={text} label={t.instructionsHelp}>
          <textarea id={text} rows={8} className="field" value={wishes.system ?? ""} onChange={(event) => setWishes({ ...wishes, system: event.target.value })} />
        </Labelled>
        <div className="flex justify-end gap-2">
          <button type="button" className="act" onClick={onClose}>{t.cancel}</button>
          <button type="submit" className="act-main">{t.save}</button>
        </div>
      </form>
    </Dialog>
  );
}
