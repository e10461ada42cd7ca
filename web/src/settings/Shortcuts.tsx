import type { Texts } from "../texts/en.ts";
import { useTexts } from "../texts/index.ts";
import { COMMAND } from "../shortcuts.ts";

/** Whatever a key does on the page. */
export function Shortcuts() {
  const t = useTexts();
  return (
    <dl className="grid grid-cols-[auto_1fr] items-baseline gap-x-5 gap-y-3">
      {rows(t).map(([keys, does]) => (
        <div key={does} className="contents">
          <dt className="flex gap-1">{keys.map((key) => <kbd key={key} className="rounded border border-line bg-side px-1.5 py-0.5 font-sans text-sm">{key}</kbd>)}</dt>
          <dd className="text-faint">{does}</dd>
        </div>
      ))}
    </dl>
  );
}

function rows(t: Texts): [string[], string][] {
  const { keys } = t;
  return [
    [[keys.enter], keys.sends],
    [[keys.shift, keys.enter], keys.newLine],
    [[keys.escape], keys.stops],
    [["↑"], keys.edits],
    [[COMMAND, keys.shift, "O"], t.newChat],
    [[COMMAND, "K"], t.searchAll],
    [[COMMAND, "/"], keys.shows],
  ];
}
