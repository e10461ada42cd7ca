import { useEffect, useRef } from "react";

const apple = /Mac|iPhone|iPad/.test(navigator.platform);

/** The key that makes another one a command here. */
export const COMMAND = apple ? "⌘" : "Ctrl";

export interface Commands {
  startNew: () => void;
  search: () => void;
  help: () => void;
}

/** The page's own keys, wherever the focus is but in a dialog: Command-Shift-O, Command-K, Command-/. */
export function useShortcuts(commands: Commands): void {
  const now = useRef(commands);
  now.current = commands;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const act = named(event);
      if (!act || event.defaultPrevented || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      now.current[act]();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);
}

function named(event: KeyboardEvent): keyof Commands | null {
  if (!(apple ? event.metaKey : event.ctrlKey) || event.altKey) return null;
  const key = event.key.toLowerCase();
  if (event.shiftKey && key === "o") return "startNew";
  if (!event.shiftKey && key === "k") return "search";
  return event.key === "/" ? "help" : null;
}
