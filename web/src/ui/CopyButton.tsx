import { useEffect, useState } from "react";
import { useTexts } from "../texts/index.ts";
import { Icon } from "./Icon.tsx";

const SHOWN_MS = 1500;

export function CopyButton({ text, label }: { text: string; label: string }) {
  const t = useTexts();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const said = copied ? t.copied : label;
  const copy = (): void => void writeClipboard(text).then(() => setCopied(true));
  return (
    <button type="button" className="act-icon" aria-label={said} title={said} onClick={copy}>
      <Icon name={copied ? "check" : "copy"} />
    </button>
  );
}

/** Browsers give a page the clipboard over HTTPS and on localhost only; elsewhere the old way still works. */
async function writeClipboard(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
