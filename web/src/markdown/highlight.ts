import type { Root } from "hast";
import { Store } from "../store.ts";

export type Highlighter = (language: string, code: string) => Root | null;

/** Longer code stays plain: colouring it would hold up the page. */
const MOST = 100_000;

/** The highlighter, when it is there: it is fetched when the first code is seen, as it is larger than all the rest. */
export const highlighter = new Store<Highlighter | null>(null);

let asked = false;

export function fetchHighlighter(): void {
  if (asked) return;
  asked = true;
  import("./lowlight.ts").then(
    (module) => highlighter.set(module.highlight),
    () => (asked = false), // offline: code stays plain until the next time
  );
}

export function highlighted(highlight: Highlighter | null, language: string, code: string): Root | null {
  return highlight && language && code.length <= MOST ? highlight(language, code) : null;
}
