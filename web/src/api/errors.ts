import type { ErrorInfo } from "./types.ts";

/** What the server refused, in its own words. `status` is the HTTP status. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  readonly retryAfter: number | undefined;

  constructor(status: number, info: ErrorInfo) {
    super(info.message);
    this.name = "ApiError";
    this.status = status;
    this.code = info.code;
    this.retryAfter = info.retry_after;
  }

  static async from(response: Response): Promise<ApiError> {
    const body: unknown = await response.json().catch(() => null);
    return new ApiError(response.status, infoIn(body) ?? unexpected(response));
  }
}

/** The server could not be reached, or went away in the middle: it may pass. */
export class LostError extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = "LostError";
  }
}

function infoIn(body: unknown): ErrorInfo | null {
  const error = typeof body === "object" && body !== null && "error" in body ? body.error : null;
  if (typeof error !== "object" || error === null || !("code" in error) || !("message" in error)) return null;
  const retry = "retry_after" in error && typeof error.retry_after === "number" ? { retry_after: error.retry_after } : {};
  return { code: String(error.code), message: String(error.message), ...retry };
}

/** Some proxy answered in the server's place. */
function unexpected(response: Response): ErrorInfo {
  return { code: `http_${response.status}`, message: `HTTP ${response.status} ${response.statusText}`.trim() };
}
