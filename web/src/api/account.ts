import { call } from "./client.ts";

/** Amounts are decimal numbers in text: dollars, or tokens. `held` by answers that are being written. */
export interface Budget {
  of: string;
  unit: "dollars" | "tokens";
  period: "day" | "month";
  limit: string;
  spent: string;
  held: string;
}

export interface UsageLine {
  model?: string;
  turns: number;
  input_tokens: number;
  output_tokens: number;
  cost: string;
}

export interface UsageReport {
  budgets: Budget[];
  usage: UsageLine[];
}

/** What this person used, by model, and what is left of each budget. */
export const usage = (): Promise<UsageReport> => call("GET", "/api/usage", { query: { by: "model" } });

export interface Token {
  id: string;
  name: string;
  scopes: string[];
  expires_at?: string;
  last_used_at?: string;
}

export const tokens = (): Promise<Token[]> => call("GET", "/api/tokens");

/** The token itself comes with this answer only. */
export const createToken = (name: string, scopes: string[], expires_in: number | null): Promise<Token & { token: string }> =>
  call("POST", "/api/tokens", { body: { name, scopes, ...(expires_in === null ? {} : { expires_in }) } });

export const revokeToken = (id: string): Promise<void> => call("DELETE", `/api/tokens/${encodeURIComponent(id)}`);

export interface LinkInfo {
  name: string;
  identities: { platform: string; user_id: string }[];
  linked: boolean;
}

/** Whom a code would join with this account; with `confirm`, it is joined. Somebody may have sent one their own code. */
export const link = (code: string, confirm: boolean): Promise<LinkInfo> =>
  call("POST", "/api/link", { body: { code, confirm } });
