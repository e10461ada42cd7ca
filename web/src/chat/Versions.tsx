import { useTexts } from "../texts/index.ts";
import { Icon } from "../ui/Icon.tsx";
import type { Acts } from "./acts.ts";
import type { ConversationSession } from "./session.ts";

/** Moves between the versions of a message: edits of a question, other answers to it. */
export function Versions({ session, id, acts }: { session: ConversationSession; id: string; acts: Acts }) {
  const t = useTexts();
  const siblings = session.tree.siblings(id);
  const place = siblings.findIndex((row) => row.id === id);
  if (siblings.length < 2) return null;
  const to = (step: number): void => {
    const other = siblings[place + step];
    if (other) acts.show(other.id);
  };
  return (
    <div role="group" aria-label={t.version(place + 1, siblings.length)} className="inline-flex items-center text-sm text-faint">
      <button type="button" className="act-icon" aria-label={t.previousVersion} title={t.previousVersion} disabled={place === 0} onClick={() => to(-1)}>
        <Icon name="left" />
      </button>
      <span>{place + 1}/{siblings.length}</span>
      <button type="button" className="act-icon" aria-label={t.nextVersion} title={t.nextVersion} disabled={place === siblings.length - 1} onClick={() => to(1)}>
        <Icon name="right" />
      </button>
    </div>
  );
}
