import type { FileUIPart } from "ai";
import { dataUrl } from "../api/files.ts";
import type { Texts } from "../texts/en.ts";
import type { Draft } from "./session.ts";

const MEGABYTE = 2 ** 20;
/** As `engine/requests.py`: what a provider takes. */
const MOST_BYTES = 10 * MEGABYTE;
const MOST_FILES = 10;
/** What fits into the body of a request (`api/settings.py`), which carries them as base64. */
const ALL_BYTES = 22 * MEGABYTE;
const KINDS = ["image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"];
const TEXT = "text/plain";

export const ACCEPTED = [...KINDS, "text/*", ".md", ".json", ".toml", ".yaml", ".log", ".csv"].join(",");

/** The draft with files added: images, PDFs, texts. Returns what is wrong with the files that were left out, too. */
export async function withFiles(draft: Draft, files: readonly File[], t: Texts): Promise<[Draft, string[]]> {
  const problems: string[] = [];
  const all = [...draft.files];
  let bytes = all.reduce((sum, file) => sum + sizeOf(file), 0);
  for (const file of files) {
    try {
      if (all.length >= MOST_FILES) throw new Error(t.tooMany(MOST_FILES));
      const added = await attachment(file, t);
      bytes += file.size;
      if (bytes > ALL_BYTES) throw new Error(t.tooMuch(ALL_BYTES / MEGABYTE));
      all.push(added);
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  return [{ ...draft, files: all }, [...new Set(problems)]];
}

async function attachment(file: File, t: Texts): Promise<FileUIPart> {
  if (file.size > MOST_BYTES) throw new Error(t.tooLarge(file.name, MOST_BYTES / MEGABYTE));
  const mediaType = KINDS.includes(file.type) ? file.type : TEXT;
  if (mediaType === TEXT && !(await isText(file))) throw new Error(t.wrongKind(file.name));
  return { type: "file", filename: file.name || "image", mediaType, url: await dataUrl(file) };
}

async function isText(file: File): Promise<boolean> {
  try {
    return !new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer()).includes("\0");
  } catch {
    return false;
  }
}

/** Four signs of base64 are three bytes. */
const sizeOf = (file: FileUIPart): number => ((file.url.length - file.url.indexOf(",")) * 3) / 4;
