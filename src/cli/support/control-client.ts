import type {
  AdviseBody,
  AuditProgress,
  AuditReport,
  DeadLetter,
  DeadLetterPage,
  ErrorAnswer,
  FlushAnswer,
  ModelAnswer,
  PipelineStatus,
  QueryBody,
  RecordPage,
  RedriveBody,
  RedriveReport,
  ReplayBody,
  ReplayProgress,
  ShadowBody,
  ShadowReport,
  TableAdvice,
  TraceReport,
} from "../../api/control/contract.js";
import { type ErrorCode, messageOf, PenstockError } from "../../core/errors.js";
import type { QueryResult } from "../../warehouse/warehouse.js";
import { chooseInstance } from "./instances.js";
import type { Terminal } from "./terminal.js";

/** The control API from the caller's side; each call rejects with the PenstockError that the instance answered. */
export interface ControlClient {
  readonly url: string;
  readonly credential: { readonly name: string; readonly secret: string } | undefined;
  status(): Promise<PipelineStatus>;
  model(): Promise<ModelAnswer>;
  query(body: QueryBody, signal?: AbortSignal): Promise<QueryResult>;
  flush(): Promise<FlushAnswer>;
  deadLetters(filter: { table?: string; code?: string; limit?: number; after?: string }): Promise<DeadLetterPage>;
  deadLetter(id: string): Promise<DeadLetter>;
  redrive(body: RedriveBody): Promise<RedriveReport>;
  replay(body: ReplayBody): AsyncIterable<ReplayProgress>;
  audit(onProgress?: (progress: AuditProgress) => void): Promise<AuditReport>;
  advise(body: AdviseBody): Promise<TableAdvice>;
  shadow(body: ShadowBody): Promise<ShadowReport>;
  trace(sequence: string, stream?: string, shard?: string): Promise<TraceReport>;
  records(choice: { stream: string; key?: string; limit?: number; after?: string }): Promise<RecordPage>;
}

/** The options that every command which talks to an instance has. */
export interface InstanceOptions {
  readonly url?: string;
  readonly data?: string;
}

export function connect(options: InstanceOptions, terminal: Terminal): ControlClient {
  const url = options.url ?? (options.data === undefined ? terminal.environment.PENSTOCK_URL : undefined);
  const own = ownCredential(terminal);
  if (url === undefined) {
    const note = chooseInstance({ data: options.data }, terminal);
    return controlClient(note.console, own ?? note.credential);
  }
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new PenstockError("invalid-argument", `--url is ${JSON.stringify(url)}; it must be an http address.`, {
      hint: "The console's address, as `penstock up` printed it: http://127.0.0.1:4580.",
    });
  }
  return controlClient(url, own);
}

/** PENSTOCK_CREDENTIALS is `name:secret`, here as for `up`; the first of several is used. */
function ownCredential(terminal: Terminal): { name: string; secret: string } | undefined {
  const [first] = (terminal.environment.PENSTOCK_CREDENTIALS ?? "").split(/[\s,]+/);
  const colon = first?.indexOf(":") ?? -1;
  return first === undefined || colon < 1 ? undefined : { name: first.slice(0, colon), secret: first.slice(colon + 1) };
}

function controlClient(base: string, credential: { name: string; secret: string } | undefined): ControlClient {
  const url = base.replace(/\/+$/, "");
  const authorization: Record<string, string> =
    // In base64, since a secret may hold blanks, or letters that no header can.
    credential === undefined
      ? {}
      : { authorization: `Basic ${Buffer.from(`${credential.name}:${credential.secret}`).toString("base64")}` };

  const call = async (path: string, init: RequestInit = {}): Promise<Response> => {
    let response: Response;
    try {
      response = await fetch(`${url}/api/${path}`, { ...init, headers: { ...authorization, ...init.headers } });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      throw new PenstockError("unavailable", `Nothing answers at ${url} (${messageOf(cause)}).`, {
        hint: "Is it running? Start it with `penstock up <definition or folder>`, or name another with --url.",
        cause: error,
      });
    }
    if (!response.ok) throw await errorOf(response, url);
    return response;
  };
  const get = async <T>(path: string): Promise<T> => (await (await call(path)).json()) as T;
  const post = (path: string, body: unknown, signal?: AbortSignal) =>
    call(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      ...(signal === undefined ? {} : { signal }),
    });
  const postJson = async <T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> =>
    (await (await post(path, body, signal)).json()) as T;

  return {
    url,
    credential,
    status: () => get("status"),
    model: () => get("model"),
    query: (body, signal) => postJson("query", body, signal),
    flush: () => postJson("flush", {}),
    deadLetters: (filter) => get(`dead-letters?${search(filter)}`),
    deadLetter: (id) => get(`dead-letters/${encodeURIComponent(id)}`),
    redrive: (body) => postJson("redrive", body),
    replay: async function* (body) {
      const response = await post("replay", body);
      for await (const line of linesOf(response)) {
        const said = JSON.parse(line) as ReplayProgress | ErrorAnswer;
        if ("error" in said) throw fromAnswer(said, url);
        yield said;
      }
    },
    audit: async (onProgress) => {
      const response = await post("audit", { progress: true });
      for await (const line of linesOf(response)) {
        const said = JSON.parse(line) as AuditProgress | AuditReport | ErrorAnswer;
        if ("error" in said) throw fromAnswer(said, url);
        if ("findings" in said) return said;
        onProgress?.(said);
      }
      throw new PenstockError("unavailable", "The instance went away before the audit was done.", {
        hint: "Start it again and repeat the command; or give --data, which reads a directory that no instance has.",
      });
    },
    advise: (body) => postJson("advise", body),
    shadow: (body) => postJson("advise/shadow", body),
    trace: (sequence, stream, shard) => get(`trace?${search({ sequence, stream, shard })}`),
    records: (choice) => get(`records?${search(choice)}`),
  };
}

function search(values: Record<string, string | number | undefined>): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) given.set(name, String(value));
  return given.toString();
}

async function* linesOf(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of response.body ?? []) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") yield line;
  }
  if (rest !== "") yield rest;
}

async function errorOf(response: Response, url: string): Promise<PenstockError> {
  const text = await response.text();
  try {
    return fromAnswer(JSON.parse(text) as ErrorAnswer, url);
  } catch {
    return new PenstockError("unavailable", `${url} answered ${response.status} and is no Penstock console.`, {
      hint: "Give --url the console's address, as `penstock up` printed it: http://127.0.0.1:4580.",
    });
  }
}

function fromAnswer(answer: ErrorAnswer, url: string): PenstockError {
  const { code, message, hint } = answer.error;
  // `internal` is all that the door says of a fault of its own.
  const known = code === "internal" || code === undefined ? "load-failed" : (code as ErrorCode);
  const next = code === "internal" ? `The log of the instance at ${url} says more.` : hint;
  return new PenstockError(known, message, next === undefined ? {} : { hint: next });
}
