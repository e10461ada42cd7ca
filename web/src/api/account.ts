import { call } from "./client.ts";

export interface Budget {
  period: string;
  unit: "cost" | "tokens";
  limit: number;
  used: number;
}

export interface UsageRow {
  key: string;
  turns: number;
  input_tokens: number;
  output_tokens: number;
  cost?: number;
}

export interface UsageReport {
  budgets: Budget[];
  rows: UsageRow[];
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

export const tokens = async (): Promise<Token[]> => (await call<{ tokens: Token[] }>("GET", "/api/tokens")).tokens;

/** The token itself comes with this answer only. */
export const createToken = (name: string, scopes: string[], expires_in: number | null): Promise<Token & { token: string }> =>
  call("POST", "/api/tokens", { body: { name, scopes, ...(expires_in === null ? {} : { expires_in }) } });

export const revokeToken = (id: string): Promise<void> => call("DELETE", `/api/tokens/${encodeURIComponent(id)}`);

/** Joins the Slack or Discord identity that was told this code to the account. */
export const link = (code: string): Promise<void> => call("POST", "/api/links", { body: { code } });
