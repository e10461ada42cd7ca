import { Markdown } from "../markdown/Markdown.tsx";
import type { Texts } from "../texts/en.ts";
import { useTexts } from "../texts/index.ts";
import { CopyButton } from "../ui/CopyButton.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Menu } from "../ui/Menu.tsx";
import { Notice } from "../ui/Notice.tsx";
import type { Row } from "../api/types.ts";
import type { MessageProps } from "./Message.tsx";
import { reasoningOf, textOf } from "./shown.ts";
import { Versions } from "./Versions.tsx";

/** What a model answered. */
export function Answer(props: MessageProps) {
  const { message, growing } = props;
  const t = useTexts();
  const text = textOf(message);
  const row = message.metadata?.row;
  return (
    <div className="flex flex-col gap-3">
      <h3 className="sr-only">{t.assistant}</h3>
      <Reasoning text={reasoningOf(message)} open={growing && !text} />
      {text ? (
        <Markdown text={text} growing={growing} />
      ) : (
        growing && <p className="animate-pulse text-faint">{t.thinking}</p>
      )}
      {row && !growing && <Ending row={row} />}
      {!growing && <Actions {...props} text={text} />}
    </div>
  );
}

function Reasoning({ text, open }: { text: string; open: boolean }) {
  const t = useTexts();
  if (!text) return null;
  return (
    <details className="rounded-lg border border-line px-3 py-2 text-sm text-faint" open={open}>
      <summary>{t.reasoning}</summary>
      <p className="mt-2 break-words whitespace-pre-wrap">{text}</p>
    </details>
  );
}

/** Why an answer is not whole. One that somebody stopped is no trouble. */
function Ending({ row }: { row: Row }) {
  const t = useTexts();
  const why = endingOf(row, t);
  if (row.status === "failed") return <Notice>{why}</Notice>;
  return why && <p role="note" className="border-l-4 border-line pl-4 text-faint">{why}</p>;
}

function endingOf(row: Row, t: Texts): string | null {
  const error = row.error?.message ?? "";
  if (row.status === "failed") return t.failed(error);
  if (row.status === "interrupted") return t.interrupted(error);
  if (row.finish_reason === "length") return t.cutShort;
  if (row.finish_reason === "content_filter") return t.filtered;
  return null;
}

function Actions({ session, message, last, acts, text }: MessageProps & { text: string }) {
  const t = useTexts();
  const row = message.metadata?.row;
  const cut = last && row !== undefined && (row.status !== "complete" || row.finish_reason === "length");
  return (
    <div className="-ml-1.5 flex flex-wrap items-center gap-1 text-sm text-faint">
      <Versions session={session} id={message.id} acts={acts} />
      {cut && text && (
        <button type="button" className="act text-ink" onClick={() => acts.goOn(message.id)}>
          <Icon name="play" /> {t.continue}
        </button>
      )}
      {text && <CopyButton text={text} label={t.copy} />}
      <button type="button" className="act-icon" aria-label={t.retry} title={t.retry} onClick={() => acts.retry(message.id)}>
        <Icon name="retry" />
      </button>
      <Menu
        start
        label={t.more}
        choices={[
          { label: t.retryWith, icon: "sliders", act: () => acts.retryWith(message.id) },
          { label: t.forkHere, icon: "branch", act: () => acts.fork(message.id) },
        ]}
      />
      <Origin row={row} streamed={message.metadata?.model} />
    </div>
  );
}

function Origin({ row, streamed }: { row: Row | undefined; streamed: string | undefined }) {
  const t = useTexts();
  const model = row?.model ? `${row.provider ?? ""}:${row.model}` : streamed;
  const usage = row?.usage && t.tokens(row.usage.input_tokens, row.usage.output_tokens);
  return <span className="ml-1 break-all" title={usage}>{model}</span>;
}
