import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react";
import { Icon, type IconName } from "./Icon.tsx";

export interface Choice {
  label: string;
  icon: IconName;
  danger?: boolean;
  act: () => void;
}

/** A button that opens a list of actions, after the ARIA menu button pattern: arrows move, Escape closes. */
export function Menu({ label, icon = "more", choices }: { label: string; icon?: IconName; choices: Choice[] }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    root.current?.querySelector<HTMLElement>('[role="menuitem"]')?.focus();
    const away = (event: PointerEvent): void => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", away);
    return () => document.removeEventListener("pointerdown", away);
  }, [open]);
  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") close();
    else if (event.key === "Tab") setOpen(false);
    else if (!step(event)) return;
    event.stopPropagation();
  };
  return (
    <div ref={root} className="relative" onKeyDown={open ? onKeyDown : undefined}>
      <button
        ref={button}
        type="button"
        className="act-icon"
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        <Icon name={icon} />
      </button>
      {open && (
        <div id={id} role="menu" aria-label={label} className="absolute right-0 z-20 mt-1 min-w-44 rounded-lg border border-line bg-page p-1 shadow-lg">
          {choices.map((choice) => (
            <button
              key={choice.label}
              type="button"
              role="menuitem"
              tabIndex={-1}
              className={`flex w-full items-center gap-3 rounded-md px-3 py-2 text-left hover:bg-raised ${choice.danger ? "text-danger" : ""}`}
              onClick={() => {
                close();
                choice.act();
              }}
            >
              <Icon name={choice.icon} />
              {choice.label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

/** Moves the focus among the items beside the one that has it. Returns whether the key did. */
function step(event: KeyboardEvent): boolean {
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>('[role="menuitem"]')];
  const now = items.indexOf(document.activeElement as HTMLElement);
  const next = { ArrowDown: now + 1, ArrowUp: now - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
  if (next === undefined) return false;
  event.preventDefault();
  items[next % items.length]?.focus();
  return true;
}
