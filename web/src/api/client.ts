import { ApiError } from "./errors.ts";
import { authorized, reach } from "./session.ts";

const PATIENCE_MS = 30_000;

interface Options {
  query?: Record<string, string | number | boolean | null | undefined>;
  body?: unknown;
}

/** One call of our API. Throws `ApiError` for a refusal and `LostError` when there was no answer. */
export function call<T>(method: string, path: string, options: Options = {}): Promise<T> {
  return callBy<T>(authorized, method, path, options);
}

/** As `call`, for what needs no sign-in. */
export function callOpenly<T>(method: string, path: string, options: Options = {}): Promise<T> {
  return callBy<T>(reach, method, path, options);
}

/** As `call`, with another way to send. */
export async function callBy<T>(send: typeof reach, method: string, path: string, options: Options = {}): Promise<T> {
  const response = await send(path + queryOf(options.query), {
    method,
    signal: AbortSignal.timeout(PATIENCE_MS),
    ...(options.body === undefined
      ? {}
      : { body: JSON.stringify(options.body), headers: { "content-type": "application/json" } }),
  });
  if (!response.ok) throw await ApiError.from(response);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

function queryOf(query: Options["query"] = {}): string {
  const given = Object.entries(query).filter(([, value]) => value != null && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text && `?${text}`;
}
