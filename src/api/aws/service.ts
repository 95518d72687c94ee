/** What the dispatcher knows of a service behind the door: its target prefix and its operations. */
import { decodeInput } from "./decode.js";
import type { InputOf, Members, Shape } from "./shape.js";
import type { Wire } from "./wire.js";

export interface AwsService {
  /** The part of X-Amz-Target before the dot: `Kinesis_20131202`. */
  readonly target: string;
  /** The service's name in a signature's scope: `kinesis`. */
  readonly signingName: string;
  readonly operations: ReadonlyMap<string, Operation>;
}

/** One request on its way. */
export interface Call {
  readonly operation: string;
  readonly wire: Wire;
  readonly requestId: string;
  /** The name of the credential that signed it; absent where none are configured. */
  readonly caller?: string;
  /** Aborted when the caller is gone. */
  readonly signal: AbortSignal;
}

export interface Operation {
  /** `raw` is the parsed body. Throws an AwsError for whatever the caller got wrong. */
  run(raw: object, call: Call): Promise<Answer>;
  /**
   * A short cut for bodies of the common form: undefined where the body is not provably one, and then `run` has it. What it answers
   * is run once the caller's credentials are known to be good.
   */
  scan?(body: Uint8Array): ((call: Call) => Promise<Answer>) | undefined;
}

/** Nothing, a value to be encoded, a body that is JSON already, or a stream of events. */
export type Answer = undefined | object | ReadyJson | EventStream;

/** Only for calls whose wire is JSON. */
export class ReadyJson {
  constructor(readonly body: string | Uint8Array) {}
}

/** One event of a stream; the first is `initial-response`, which the HTTP side writes by itself. */
export interface StreamEvent {
  readonly type: string;
  readonly value: object;
  readonly exception?: boolean;
}

export class EventStream {
  constructor(readonly events: AsyncIterable<StreamEvent>) {}
}

/** An operation whose input is wholly told by its shape. */
export function operation<M extends Members>(
  input: Shape<InputOf<M>>,
  run: (input: InputOf<M>, call: Call) => Promise<Answer> | Answer,
): Operation {
  return { run: async (raw, call) => run(decodeInput(input, raw), call) };
}
