import { common, createLowlight } from "lowlight";
import type { Highlighter } from "./highlight.ts";

const lowlight = createLowlight(common);

export const highlight: Highlighter = (language, code) =>
  lowlight.registered(language) ? lowlight.highlight(language, code) : null;
