import { ApiError } from "./errors.ts";
import { authorized } from "./session.ts";

/** A stored attachment as an address that this page may show; it takes credentials to read. */
export async function attachmentUrl(sha256: string, mediaType: string): Promise<string> {
  const response = await authorized(`/api/files/${encodeURIComponent(sha256)}`);
  if (!response.ok) throw await ApiError.from(response);
  return URL.createObjectURL(new Blob([await response.arrayBuffer()], { type: mediaType }));
}
