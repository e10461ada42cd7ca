import { login } from "./calls.ts";
import { call, callBy } from "./client.ts";
import { signInAnew } from "./session.ts";

/** Amounts are decimal numbers in text: dollars, or tokens. `held` by answers that are being written. */
export interface Budget {
  of: string;
  unit: "dollars" | "tokens";
  period: "day" | "month";
  limit: string;
  spent: string;
  held: string;
}

export const USAGE_BY = ["model", "day", "user", "surface"] as const;
export type UsageBy = (typeof USAGE_BY)[number];

/** Under the name of what was asked `by` stands what the line sums up. */
export interface UsageLine extends Partial<Record<UsageBy, string>> {
  turns: number;
  input_tokens: number;
  output_tokens: number;
  cost: string;
}

export interface UsageReport {
  budgets: Budget[];
  usage: UsageLine[];
}

/** What was used since (`7d`), one's own or for an administrator everybody's, and what is left of each budget. */
export const usage = (by: UsageBy, since: string): Promise<UsageReport> =>
  call("GET", "/api/usage", { query: { by, since } });

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

export interface Identity {
  platform: string;
  user_id: string;
}

export interface LinkInfo {
  name: string;
  identities: Identity[];
  linked: boolean;
}

/** Whom a code would join with this account; with `confirm`, it is joined. Somebody may have sent one their own code. */
export const link = (code: string, confirm: boolean): Promise<LinkInfo> =>
  call("POST", "/api/link", { body: { code, confirm } });

export const linked = (): Promise<Identity[]> => call("GET", "/api/link");

export const unlink = (one: Identity): Promise<void> =>
  call("DELETE", `/api/link/${encodeURIComponent(one.platform)}/${encodeURIComponent(one.user_id)}`);

/** Ends every sign-in, and begins this one anew. */
export const changePassword = (email: string, old: string, next: string): Promise<void> =>
  signInAnew(async (send) => {
    await callBy<void>(send, "POST", "/api/auth/password", { body: { old, new: next } });
    await login(email, next);
  });

export const signOutEverywhere = (): Promise<void> => call("POST", "/api/auth/logout-everywhere");
