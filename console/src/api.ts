import type { ErrorAnswer } from "../../src/api/control/contract.ts";

/** An error as the control API answers it, or that no answer came. */
export class ApiError extends Error {
  readonly hint: string | undefined;
  /** Of a statement: where in its text. */
  readonly at: number | undefined;

  constructor(message: string, hint?: string, at?: number) {
    super(message);
    this.hint = hint;
    this.at = at;
  }
}

export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return call(path, signal === undefined ? {} : { signal });
}

export function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return send("POST", path, body, signal);
}

export function put<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return send("PUT", path, body, signal);
}

function send<T>(method: string, path: string, body: unknown, signal: AbortSignal | undefined): Promise<T> {
  return call(path, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function call<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`/api/${path}`, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError("No answer from the instance.");
  }
  if (response.ok) return (await response.json()) as T;
  const answer = (await response.json().catch(() => undefined)) as ErrorAnswer | undefined;
  const { message = `The instance answered ${response.status}.`, hint, at } = answer?.error ?? {};
  throw new ApiError(message, hint, at);
}
