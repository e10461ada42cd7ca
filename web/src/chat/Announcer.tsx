import { useEffect, useRef, useState } from "react";
import { useTexts } from "../texts/index.ts";

const EVERY_MS = 2_000;
const SENTENCE = /^[\s\S]*[.!?:。！？\n]/;

/**
 * Reads a running answer to those who listen: whole sentences, at most every two seconds, each one once. Token by
 * token, a screen reader would only stammer.
 */
export function Announcer({ text, running }: { text: string; running: boolean }) {
  const t = useTexts();
  const [said, setSaid] = useState("");
  const told = useRef({ running: false, length: 0, at: 0 });
  useEffect(() => {
    const state = told.current;
    if (running && !state.running) {
      told.current = { running, length: 0, at: Date.now() };
      setSaid(t.answerBegins);
    } else if (running && Date.now() - state.at > EVERY_MS) {
      const ready = SENTENCE.exec(text.slice(state.length))?.[0] ?? "";
      if (!ready) return;
      told.current = { running, length: state.length + ready.length, at: Date.now() };
      setSaid(ready);
    } else if (!running && state.running) {
      setSaid(`${text.slice(state.length)} ${t.answerEnds}`);
      told.current = { running, length: text.length, at: 0 };
    }
  }, [text, running, t]);
  return (
    <div role="log" aria-live="polite" className="sr-only">
      {said}
    </div>
  );
}
