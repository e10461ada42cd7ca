import { toJsxRuntime } from "hast-util-to-jsx-runtime";
import { useEffect, useMemo } from "react";
import { Fragment, jsx, jsxs } from "react/jsx-runtime";
import { useStore } from "../store.ts";
import { useTexts } from "../texts/index.ts";
import { CopyButton } from "../ui/CopyButton.tsx";
import { fetchHighlighter, highlighted, highlighter } from "./highlight.ts";

/** A fenced block: its language, a button that copies it, the code in colours. */
export function Code({ code, language }: { code: string; language: string }) {
  const t = useTexts();
  const highlight = useStore(highlighter);
  useEffect(fetchHighlighter, []);
  const coloured = useMemo(() => {
    const tree = highlighted(highlight, language, code);
    return tree ? toJsxRuntime(tree, { Fragment, jsx, jsxs }) : code;
  }, [highlight, language, code]);
  return (
    <figure className="overflow-hidden rounded-lg border border-line bg-side">
      <figcaption className="flex items-center justify-between border-b border-line py-1 pr-1 pl-4 text-sm text-faint">
        <span>{language || "text"}</span>
        <CopyButton text={code} label={t.copyCode} />
      </figcaption>
      <pre className="code" tabIndex={0} aria-label={language || "text"}>
        <code>{coloured}</code>
      </pre>
    </figure>
  );
}
