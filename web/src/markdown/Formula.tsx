import { useEffect, useMemo } from "react";
import { useStore } from "../store.ts";
import { fetchFormulas, formulas } from "./formulas.ts";

/** A formula, drawn where that is possible; else its TeX. */
export function Formula({ tex, display }: { tex: string; display: boolean }) {
  const draw = useStore(formulas);
  useEffect(fetchFormulas, []);
  const drawn = useMemo(() => draw?.(tex, display) ?? null, [draw, tex, display]);
  if (!drawn) return <code className={display ? "block overflow-x-auto" : ""}>{tex}</code>;
  const put = (place: HTMLElement | null): void => place?.replaceChildren(drawn);
  if (!display) return <span ref={put} />;
  return <div ref={put} className="overflow-x-auto overflow-y-hidden py-1" tabIndex={0} />;
}
