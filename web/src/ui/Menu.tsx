import { useId, useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import { Icon, type IconName } from "./Icon.tsx";

export interface Choice {
  label: string;
  icon: IconName;
  danger?: boolean;
  act: () => void;
}

interface Props {
  label: string;
  icon?: IconName;
  choices: Choice[];
  /** It begins below the button's left edge, in place of ending below its right one. */
  start?: boolean;
}

const GAP = 4;

/**
 * A button that opens a list of actions, after the ARIA menu button pattern: arrows move, Escape closes.
 *
 * The browser's own popover: it lies over everything whatever it is in, and closes when one clicks elsewhere.
 */
export function Menu({ label, icon = "more", choices, start = false }: Props) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (!open || !button.current || !menu.current) return;
    place(menu.current, button.current, start);
    menu.current.querySelector<HTMLElement>('[role="menuitem"]')?.focus();
  }, [open, start]);
  return (
    <>
      <button
        ref={button}
        type="button"
        className="act-icon"
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        popoverTarget={id}
      >
        <Icon name={icon} />
      </button>
      <div
        ref={menu}
        id={id}
        popover="auto"
        role="menu"
        aria-label={label}
        className="m-0 min-w-44 rounded-lg border border-line bg-page p-1 text-ink shadow-lg"
        onToggle={(event) => setOpen(event.newState === "open")}
        onKeyDown={step}
      >
        {open && choices.map((choice) => (
          <button
            key={choice.label}
            type="button"
            role="menuitem"
            tabIndex={-1}
            className={`flex w-full items-center gap-3 rounded-md px-3 py-2 text-left hover:bg-raised ${choice.danger ? "text-danger" : ""}`}
            onClick={() => {
              menu.current?.hidePopover();
              choice.act();
            }}
          >
            <Icon name={choice.icon} />
            {choice.label}
          </button>
        ))}
      </div>
    </>
  );
}

/** Below the button, or above it where there is no room. */
function place(menu: HTMLElement, button: HTMLElement, start: boolean): void {
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = at.bottom + GAP + height <= innerHeight;
  menu.style.top = `${below ? at.bottom + GAP : Math.max(GAP, at.top - GAP - height)}px`;
  menu.style.left = `${Math.max(GAP, Math.min(start ? at.left : at.right - width, innerWidth - width - GAP))}px`;
}

/** Moves the focus among the items beside the one that has it. */
function step(event: KeyboardEvent): void {
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>('[role="menuitem"]')];
  const now = items.indexOf(document.activeElement as HTMLElement);
  const next = { ArrowDown: now + 1, ArrowUp: now - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
  if (event.key === "Tab") (event.currentTarget as HTMLElement).hidePopover();
  if (next === undefined) return;
  event.preventDefault();
  items[next % items.length]?.focus();
}
