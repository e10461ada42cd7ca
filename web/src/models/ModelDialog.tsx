import { useId, useState, type KeyboardEvent } from "react";
import { useTexts } from "../texts/index.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { useModels } from "./useModels.ts";

interface Props {
  chosen?: string | undefined;
  onChoose: (model: string) => void;
  onClose: () => void;
}

/** A list of models with a box that narrows it down, after the ARIA combobox pattern: arrows move, Enter chooses. */
export function ModelDialog({ chosen, onChoose, onClose }: Props) {
  const t = useTexts();
  const { models } = useModels();
  const [wanted, setWanted] = useState("");
  const [at, setAt] = useState(0);
  const list = useId();
  const words = wanted.toLowerCase().split(/\s+/);
  const found = models.filter((model) => words.every((word) => model.id.toLowerCase().includes(word)));
  // A name that no list has is passed on as it is: providers have models that they do not list.
  const ids = found.length > 0 || !wanted.includes(":") ? found.map((model) => model.id) : [wanted.trim()];
  const place = Math.min(at, ids.length - 1);
  const onKeyDown = (event: KeyboardEvent): void => {
    const id = ids[place];
    if (event.key === "Enter" && id) onChoose(id);
    else if (event.key === "ArrowDown") setAt((place + 1) % ids.length);
    else if (event.key === "ArrowUp") setAt((place - 1 + ids.length) % ids.length);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title={t.model} onClose={onClose}>
      <input
        autoFocus
        className="field"
        role="combobox"
        aria-label={t.findModel}
        placeholder={t.findModel}
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={ids.length > 0 ? `${list}-${place}` : undefined}
        value={wanted}
        onChange={(event) => {
          setWanted(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul id={list} role="listbox" aria-label={t.model} className="mt-3 max-h-80 overflow-y-auto">
        {ids.map((id, number) => (
          <li
            key={id}
            id={`${list}-${number}`}
            role="option"
            aria-selected={id === chosen}
            className={`rounded-md px-3 py-2 break-all hover:bg-raised ${number === place ? "bg-raised" : ""} ${id === chosen ? "font-semibold text-accent" : ""}`}
            onClick={() => onChoose(id)}
          >
            {id}
          </li>
        ))}
      </ul>
      {ids.length === 0 && <p className="px-3 py-2 text-faint">{t.nothingFound}</p>}
    </Dialog>
  );
}
