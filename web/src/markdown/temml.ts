import temml from "temml";
import type { Draw } from "./formulas.ts";

/** Longer ones stay TeX: drawing them would hold up the page. */
const MOST = 5_000;

/** MathML, which browsers draw themselves, made element by element: no HTML in between, no links, nothing fetched. */
export const draw: Draw = (tex, display) => {
  if (tex.length > MOST) return null;
  const place = document.createElement("span");
  try {
    temml.render(tex, place, { displayMode: display, annotate: true, throwOnError: true, trust: false });
  } catch {
    return null; // no TeX, or not all of it yet
  }
  return place.firstElementChild;
};
