import type { FileUIPart } from "ai";
import type { Texts } from "../texts/en.ts";
import type { Draft } from "./session.ts";

const MEGABYTE = 2 ** 20;
/** As `engine/requests.py`: what a provider takes. */
const MOST_BYTES = 10 * MEGABYTE;
const MOST_FILES = 10;
const TEXT_BYTES = 4 * MEGABYTE;
const KINDS = ["image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"];

export const ACCEPTED = [...KINDS, "text/*", ".md", ".json", ".toml", ".yaml", ".log", ".csv"].join(",");

/**
 * The draft with files added: images and PDFs as attachments, text as a block of the message, like `chatops ask -f`.
 *
 * Returns what is wrong with the files that were left out, too.
 */
export async function withFiles(draft: Draft, files: readonly File[], t: Texts): Promise<[Draft, string[]]> {
  const problems: string[] = [];
  let { text } = draft;
  const added: FileUIPart[] = [];
  for (const file of files) {
    try {
      if (KINDS.includes(file.type)) added.push(await attachment(file, t));
      else text = `${quoted(file.name, await content(file, t))}\n\n${text}`;
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  const all = [...draft.files, ...added];
  if (all.length > MOST_FILES) problems.push(t.tooMany(MOST_FILES));
  return [{ text, files: all.slice(0, MOST_FILES) }, problems];
}

async function attachment(file: File, t: Texts): Promise<FileUIPart> {
  if (file.size > MOST_BYTES) throw new Error(t.tooLarge(file.name, MOST_BYTES / MEGABYTE));
  return { type: "file", filename: file.name || "image", mediaType: file.type, url: await dataUrl(file) };
}

function dataUrl(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(reader.error ?? new Error(file.name));
    reader.readAsDataURL(file);
  });
}

/** The text of a file. Throws when it is no UTF-8 text. */
async function content(file: File, t: Texts): Promise<string> {
  if (file.size > TEXT_BYTES) throw new Error(t.tooLarge(file.name, TEXT_BYTES / MEGABYTE));
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
    if (!text.includes("\0")) return text;
  } catch {
    // told below
  }
  throw new Error(t.wrongKind(file.name));
}

/** A fence that is longer than any in the text, under the file's name. */
function quoted(name: string, text: string): string {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(Math.max(3, longest + 1));
  return `${name}:\n${fence}\n${text.trimEnd()}\n${fence}`;
}
