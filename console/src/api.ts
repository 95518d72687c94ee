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

/** A long call's answer: its progress, line by line, and what came of it last. */
export async function* postLines<T>(path: string, body: unknown, signal?: AbortSignal): AsyncGenerator<T> {
  const response = await answerOf(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    const lines = (rest + (value ?? "")).split("\n");
    rest = done ? "" : (lines.pop() ?? "");
    for (const line of lines) {
      if (line === "") continue;
      const said = JSON.parse(line) as T | ErrorAnswer;
      if (typeof said === "object" && said !== null && "error" in said) {
        throw new ApiError(said.error.message, said.error.hint, said.error.at);
      }
      yield said;
    }
    if (done) return;
  }
}

async function call<T>(path: string, init: RequestInit): Promise<T> {
  return (await (await answerOf(path, init)).json()) as T;
}

async function answerOf(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`/api/${path}`, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError("No answer from the instance.");
  }
  if (response.ok) return response;
  const answer = (await response.json().catch(() => undefined)) as ErrorAnswer | undefined;
  const { message = `The instance answered ${response.status}.`, hint, at } = answer?.error ?? {};
  throw new ApiError(message, hint, at);
}
