import { Store } from "../store.ts";
import { ApiError, LostError } from "./errors.ts";
import type { User } from "./types.ts";

export interface SignIn {
  access_token: string;
  expires_in: number;
  user: User;
}

export type Session =
  | { state: "starting" }
  | { state: "unreachable" }
  | { state: "out"; expired: boolean }
  | { state: "in"; user: User; login: boolean };

/**
 * Who is signed in. The access token lives in this module's memory alone; what outlives the page is the refresh token,
 * in a cookie that no script can read.
 */
export const session = new Store<Session>({ state: "starting" });

const MARGIN_MS = 30_000;
/** The refresh token is in the cookie. A page that is closed meanwhile still gets the next one: `keepalive`. */
const empty = { method: "POST", body: "{}", headers: { "content-type": "application/json" }, keepalive: true };
let token: string | null = null;
let expires = 0;
let refreshing: Promise<boolean> | null = null;

export function signedIn(answer: SignIn): void {
  token = answer.access_token;
  expires = Date.now() + answer.expires_in * 1000;
  session.set({ state: "in", user: answer.user, login: true });
}

/** Finds out who is here: a server without login says so, else the cookie of an earlier visit serves. */
export async function start(): Promise<void> {
  try {
    const me = await reach("/api/me");
    if (me.ok) session.set({ state: "in", user: (await me.json()) as User, login: false });
    else if (me.status !== 401) throw await ApiError.from(me);
    else if (!(await refresh())) session.set({ state: "out", expired: false });
  } catch {
    session.set({ state: "unreachable" });
  }
}

export async function signOut(): Promise<void> {
  await reach("/api/auth/logout", empty).catch(() => undefined);
  leave();
}

/** A new page: what this one has read for a person must not be there for the next one. */
export function leave(): void {
  token = null;
  location.assign("/");
  location.reload();
}

/**
 * `fetch` with this person's credentials. An access token that ran out is renewed once; when that fails, the page asks
 * to sign in again, and the caller gets the 401.
 *
 * Throws `LostError` when there was no answer.
 */
export async function authorized(path: string, init: RequestInit = {}): Promise<Response> {
  await fresh();
  const response = await bearing(path, init);
  if (response.status !== 401) return response;
  if (await refresh()) return bearing(path, init);
  if (session.get().state !== "out") session.set({ state: "out", expired: true });
  return response;
}

/**
 * Does what ends this sign-in and begins another. Whoever finds the old one over meanwhile waits for the new one, as
 * for a renewal. `send` is `fetch` with this person's credentials, where a 401 is an answer like any other.
 */
export async function signInAnew(job: (send: typeof reach) => Promise<void>): Promise<void> {
  await fresh();
  const running = job(bearing);
  const settled = (): boolean => token !== null;
  refreshing = running.then(settled, settled).finally(() => (refreshing = null));
  await running;
}

async function fresh(): Promise<void> {
  if (token !== null && Date.now() > expires - MARGIN_MS) await refresh();
}

const bearing: typeof reach = (path, init = {}) => reach(path, withToken(init));

function withToken(init: RequestInit): RequestInit {
  const headers = new Headers(init.headers);
  if (token !== null) headers.set("authorization", `Bearer ${token}`);
  return { ...init, headers };
}

/** Throws `LostError` when there was no answer, and the signal's reason when it was aborted. */
export async function reach(path: string, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(path, { credentials: "same-origin", cache: "no-store", ...init });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new LostError(error);
  }
}

function refresh(): Promise<boolean> {
  refreshing ??= exclusively(renew).finally(() => (refreshing = null));
  return refreshing;
}

/** Two tabs share the cookie, and its token is good once: they take turns. Without locks (plain HTTP) the server forgives. */
function exclusively<T>(job: () => Promise<T>): Promise<T> {
  return "locks" in navigator ? navigator.locks.request("chatops-refresh", job) : job();
}

async function renew(): Promise<boolean> {
  const response = await reach("/api/auth/refresh", empty);
  if (response.ok) {
    signedIn((await response.json()) as SignIn);
    return true;
  }
  if (response.status >= 500 || response.status === 429) throw await ApiError.from(response);
  token = null;
  return false;
}
