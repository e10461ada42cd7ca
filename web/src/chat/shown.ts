import type { FileUIPart, UIMessage } from "ai";
import { storedAddress } from "../api/files.ts";
import type { ErrorInfo, FileRef, Row, Usage } from "../api/types.ts";

/** What rides along with a message: `row` when it is stored, the rest while its answer streams. */
export interface Extra {
  row?: Row;
  model?: string;
  parent_id?: string | null;
}

export type Shown = UIMessage<Extra, { conversation: { id: string; title: string }; usage: Usage; error: ErrorInfo }>;

type ShownPart = Shown["parts"][number];

const made = new WeakMap<Row, Shown>();

/** A stored message as it is shown; the same object for the same row. */
export function shown(row: Row): Shown {
  const known = made.get(row) ?? toShown(row);
  made.set(row, known);
  return known;
}

function toShown(row: Row): Shown {
  const parts: ShownPart[] = (row.parts ?? [{ type: "text" as const, text: row.text }]).map((part) =>
    part.type === "file" ? storedFile(part) : part,
  );
  return { id: row.id, role: row.role, parts, metadata: { row } };
}

/** The AI SDK wants an address for a file; ours are named by their digest and fetched with the person's credentials. */
function storedFile(file: FileRef): FileUIPart {
  return { type: "file", filename: file.name, mediaType: file.media_type, url: storedAddress(file.sha256) };
}

export function textOf(message: Shown): string {
  return joined(message, "text");
}

export function reasoningOf(message: Shown): string {
  return joined(message, "reasoning");
}

function joined(message: Shown, kind: "text" | "reasoning"): string {
  return message.parts.map((part) => (part.type === kind ? part.text : "")).join("");
}

export function filesOf(message: Shown): FileUIPart[] {
  return message.parts.filter((part) => part.type === "file");
}
