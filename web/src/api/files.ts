import type { FileUIPart } from "ai";
import { ApiError } from "./errors.ts";
import { authorized } from "./session.ts";

const STORED = "sha256:";

/** The address under which a stored file is shown; it is read with credentials, so it is none that a browser knows. */
export const storedAddress = (sha256: string): string => STORED + sha256;

export const isStored = (file: FileUIPart): boolean => file.url.startsWith(STORED);

/** A file as an address that this page may show or save. */
export async function objectUrl(file: FileUIPart): Promise<string> {
  return isStored(file) ? URL.createObjectURL(await stored(file)) : file.url;
}

/** A file with its bytes in it, as it is sent. */
export async function inlined(file: FileUIPart): Promise<FileUIPart> {
  return isStored(file) ? { ...file, url: await dataUrl(await stored(file)) } : file;
}

export function dataUrl(data: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(reader.error ?? new Error());
    reader.readAsDataURL(data);
  });
}

/** A conversation's active branch as a Markdown file. */
export const exported = (id: string): Promise<Blob> =>
  bytes(`/api/conversations/${encodeURIComponent(id)}/export?format=markdown`, "text/markdown");

const stored = (file: FileUIPart): Promise<Blob> =>
  bytes(`/api/files/${encodeURIComponent(file.url.slice(STORED.length))}`, file.mediaType);

async function bytes(path: string, type: string): Promise<Blob> {
  const response = await authorized(path);
  if (!response.ok) throw await ApiError.from(response);
  return new Blob([await response.arrayBuffer()], { type });
}
