import { call } from "./client.ts";
import type { Page } from "./types.ts";

export type Role = "admin" | "member";

/** An account, or without `email` a platform's user who has none. */
export interface Account {
  id: string;
  email?: string;
  name: string;
  role: Role;
  disabled: boolean;
  merged_into?: string;
  created_at: string;
}

export interface NewAccount {
  email: string;
  name: string;
  password: string;
  role: Role;
}

interface Listing {
  users: Account[];
  next_cursor?: string;
}

const PAGE = 100;

export async function accounts(cursor: string | null): Promise<Page<Account>> {
  const page = await call<Listing>("GET", "/api/users", { query: { cursor, limit: PAGE } });
  return { items: page.users, next: page.next_cursor ?? null };
}

export const addAccount = (who: NewAccount): Promise<Account> => call("POST", "/api/users", { body: who });

export type AccountChange = { role: Role } | { disabled: boolean } | { password: string };

export const changeAccount = (id: string, fields: AccountChange): Promise<Account> =>
  call("PATCH", path(id), { body: fields });

export const deleteAccount = (id: string): Promise<void> => call("DELETE", path(id));

/** What is said for one person; of what is absent, the server's settings say. `cost` in dollars. */
export interface Terms {
  requests_per_minute?: number;
  concurrent_turns?: number;
  budget?: { period: "day" | "month"; cost?: string; tokens?: number };
}

export const termsOf = (id: string): Promise<Terms> => call("GET", `${path(id)}/limits`);

export const limit = (id: string, terms: Terms): Promise<Terms> => call("PATCH", `${path(id)}/limits`, { body: terms });

export interface Invitation {
  id: string;
  email?: string;
  role: Role;
  expires_at: string;
}

export const invitations = (): Promise<Invitation[]> => call("GET", "/api/invitations");

/** Its code comes with this answer only. */
export const invite = (email: string, role: Role): Promise<Invitation & { code: string }> =>
  call("POST", "/api/invitations", { body: { ...(email ? { email } : {}), role } });

export const uninvite = (id: string): Promise<void> => call("DELETE", `/api/invitations/${encodeURIComponent(id)}`);

const path = (id: string): string => `/api/users/${encodeURIComponent(id)}`;
