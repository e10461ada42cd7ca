import { Store } from "../store.ts";

/** Draws TeX as an element; null when it is none. */
export type Draw = (tex: string, display: boolean) => Element | null;

/** Draws formulas, when it is there: it is fetched when the first one is seen. */
export const formulas = new Store<Draw | null>(null);

let asked = false;

export function fetchFormulas(): void {
  if (asked) return;
  asked = true;
  import("./temml.ts").then(
    (module) => formulas.set(module.draw),
    () => (asked = false), // offline: formulas stay TeX until the next time
  );
}
