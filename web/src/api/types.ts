/** The JSON of our HTTP API, as /openapi.json describes it. Times are ISO 8601 in UTC; absent values are left out. */

export interface User {
  id: string;
  name?: string;
  email?: string;
  role?: "admin" | "member";
}

export interface Usage {
  input_tokens: number;
  output_tokens: number;
  cached_tokens?: number;
  cost?: number;
}

export interface ErrorInfo {
  code: string;
  message: string;
  retry_after?: number;
}

export interface FileRef {
  type: "file";
  name: string;
  media_type: string;
  sha256: string;
  size: number;
}

export type RowPart = { type: "text"; text: string } | { type: "reasoning"; text: string } | FileRef;

export type Status = "streaming" | "complete" | "interrupted" | "failed";

/** A stored message. `parts` is there when the text alone does not say it all. */
export interface Row {
  id: string;
  parent_id?: string;
  role: "user" | "assistant";
  text: string;
  parts?: RowPart[];
  status: Status;
  model?: string;
  provider?: string;
  finish_reason?: string;
  usage?: Usage;
  error?: ErrorInfo;
  created_at: string;
}

export interface Conversation {
  id: string;
  title: string;
  model?: string;
  system?: string;
  archived?: boolean;
  /** In the results of a search: the newest message that holds all of its words. */
  match?: { message_id: string; text: string };
  created_at: string;
  updated_at: string;
}

export interface Page<T> {
  items: T[];
  next: string | null;
}
