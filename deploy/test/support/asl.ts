/**
 * An interpreter of Amazon States Language, for the parts of it that our state machines use; anything else it refuses, so that no test passes by what was
 * left out. Source: the language's specification (states-language.net) and Step Functions' developer guide.
 */
import { randomUUID } from "node:crypto";

export interface AslOptions {
  readonly definition: unknown;
  readonly input: unknown;
  readonly executionId: string;
  /** Carries out a task; rejects with an AslError, or with anything else, which is a task that failed. */
  readonly task: (resource: string, parameters: Record<string, unknown>) => Promise<unknown>;
  readonly wait: (seconds: number) => Promise<void>;
}

export interface Execution {
  readonly status: "SUCCEEDED" | "FAILED";
  readonly error?: string;
  readonly cause?: string;
  /** Names of the states, in order. */
  readonly visited: readonly string[];
  /** Of the longest data that went from state to state. */
  readonly bytesMax: number;
}

export class AslError extends Error {
  constructor(
    readonly error: string,
    readonly reason: string,
  ) {
    super(`${error}: ${reason}`);
  }
}

type Json = Record<string, unknown>;
interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds?: number;
  readonly BackoffRate?: number;
  readonly MaxAttempts?: number;
}

/** Step Functions' quota. */
export const DATA_BYTES_MAX = 256 * 1024;
const STATES_MAX = 20_000;
const FIELDS = new Set(
  "Type Next End Parameters Result ResultPath ResultSelector Resource Retry Catch Choices Default Seconds SecondsPath Error Cause CausePath ItemsPath ItemSelector ItemProcessor MaxConcurrency".split(
    " ",
  ),
);

export async function runAsl(options: AslOptions): Promise<Execution> {
  const context = { Execution: { Id: options.executionId, Input: options.input } };
  const { output: _, ...execution } = await runStates(options.definition, copy(options.input), context, options);
  return execution;
}

interface Ran extends Execution {
  readonly output: unknown;
}

async function runStates(definition: unknown, input: unknown, context: object, options: AslOptions): Promise<Ran> {
  const { StartAt, States } = definition as { StartAt: string; States: Record<string, Json> };
  const visited: string[] = [];
  let data: unknown = input;
  let name: string | undefined = StartAt;
  let bytesMax = 0;
  const failed = (error: string, cause: string): Ran => ({
    status: "FAILED",
    error,
    cause,
    visited,
    bytesMax,
    output: undefined,
  });
  while (name !== undefined) {
    const state: Json | undefined = States[name];
    if (state === undefined) throw new Error(`There is no state ${name}.`);
    const unknown = Object.keys(state).find((field) => !FIELDS.has(field));
    if (unknown !== undefined) throw new Error(`The state ${name} has ${unknown}, which is not interpreted.`);
    visited.push(name);
    if (visited.length > STATES_MAX) throw new Error("The execution does not end.");
    const size = Buffer.byteLength(JSON.stringify(data));
    bytesMax = Math.max(bytesMax, size);
    if (size > DATA_BYTES_MAX) return failed("States.DataLimitExceeded", `${size} bytes before ${name}`);
    switch (state.Type) {
      case "Pass": {
        const result: unknown = "Result" in state ? copy(state.Result) : given(state, data, context);
        data = place(state.ResultPath, data, result);
        break;
      }
      case "Task": {
        const done: Outcome = await carryOut(state, data, context, options);
        if ("caught" in done) {
          if (done.caught === undefined) return failed(done.error.error, done.error.reason);
          data = place(done.caught.ResultPath, data, { Error: done.error.error, Cause: done.error.reason });
          name = String(done.caught.Next);
          continue;
        }
        data = place(state.ResultPath, data, done.result);
        break;
      }
      case "Map": {
        const items = read(String(state.ItemsPath), data, context);
        if (!Array.isArray(items)) throw new Error(`${name} has no list at ${state.ItemsPath}.`);
        const outputs: unknown[] = [];
        // One after the other, which is what ours ask for.
        if (state.MaxConcurrency !== 1) throw new Error(`${name} has iterations side by side.`);
        for (const [Index, Value] of items.entries()) {
          const inner = { ...context, Map: { Item: { Index, Value } } };
          const ran: Ran = await runStates(state.ItemProcessor, fill(state.ItemSelector, data, inner), inner, options);
          visited.push(...ran.visited);
          bytesMax = Math.max(bytesMax, ran.bytesMax);
          if (ran.status === "FAILED") return failed(String(ran.error), String(ran.cause));
          outputs.push(ran.output);
        }
        data = place(state.ResultPath, data, outputs);
        break;
      }
      case "Wait": {
        const seconds =
          state.SecondsPath === undefined ? state.Seconds : read(String(state.SecondsPath), data, context);
        if (typeof seconds !== "number" || !Number.isInteger(seconds))
          throw new Error(`${name} waits ${seconds} seconds.`);
        await options.wait(seconds);
        break;
      }
      case "Choice": {
        const chosen = (state.Choices as Json[]).find((choice) => holds(choice, data, context));
        const next = (chosen?.Next ?? state.Default) as string | undefined;
        if (next === undefined) return failed("States.NoChoiceMatched", name);
        name = next;
        continue;
      }
      case "Succeed":
        return { status: "SUCCEEDED", visited, bytesMax, output: data };
      case "Fail": {
        const cause = "Cause" in state ? state.Cause : read(String(state.CausePath), data, context);
        return failed(String(state.Error), String(cause));
      }
      default:
        throw new Error(`The state ${name} is a ${state.Type}, which is not interpreted.`);
    }
    name = state.End === true ? undefined : String(state.Next);
  }
  return { status: "SUCCEEDED", visited, bytesMax, output: data };
}

type Outcome = { readonly result: unknown } | { readonly caught: Json | undefined; readonly error: AslError };

async function carryOut(state: Json, data: unknown, context: object, options: AslOptions): Promise<Outcome> {
  const parameters = given(state, data, context) as Json;
  const retriers = ((state.Retry ?? []) as Retrier[]).map((retrier) => ({ retrier, attempts: 0 }));
  for (;;) {
    let error: AslError;
    try {
      const raw = copy(await options.task(String(state.Resource), parameters));
      return { result: "ResultSelector" in state ? fill(state.ResultSelector, raw, context) : raw };
    } catch (thrown) {
      error = thrown instanceof AslError ? thrown : new AslError("States.TaskFailed", String(thrown));
    }
    const named = ({ ErrorEquals }: Retrier) => ErrorEquals.includes("States.ALL") || ErrorEquals.includes(error.error);
    const again = retriers.find(({ retrier }) => named(retrier));
    if (again !== undefined && again.attempts < (again.retrier.MaxAttempts ?? 3)) {
      await options.wait((again.retrier.IntervalSeconds ?? 1) * (again.retrier.BackoffRate ?? 2) ** again.attempts++);
      continue;
    }
    return { caught: ((state.Catch ?? []) as (Json & Retrier)[]).find(named), error };
  }
}

function given(state: Json, data: unknown, context: object): unknown {
  return "Parameters" in state ? fill(state.Parameters, data, context) : data;
}

/** A payload template. */
function fill(template: unknown, data: unknown, context: object): unknown {
  if (Array.isArray(template)) return template.map((one) => fill(one, data, context));
  if (typeof template !== "object" || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([name, value]) =>
      name.endsWith(".$")
        ? [name.slice(0, -2), evaluate(String(value), data, context)]
        : [name, fill(value, data, context)],
    ),
  );
}

function evaluate(expression: string, data: unknown, context: object): unknown {
  const text = expression.trim();
  if (text.startsWith("$")) return copy(read(text, data, context));
  if (text.startsWith("'")) return text.slice(1, -1);
  const called = /^States\.(\w+)\((.*)\)$/.exec(text);
  if (called === null) return Number(text);
  const [, name = "", list = ""] = called;
  const values = argumentsOf(list).map((argument) => evaluate(argument, data, context));
  const intrinsic = INTRINSICS[name];
  if (intrinsic === undefined) throw new Error(`States.${name} is not interpreted.`);
  return intrinsic(values);
}

const INTRINSICS: Readonly<Record<string, (values: unknown[]) => unknown>> = {
  MathAdd: ([a, b]) => Number(a) + Number(b),
  Format: ([format, ...rest]) => {
    const parts = String(format).split("{}");
    if (parts.length !== rest.length + 1) throw new Error("States.IntrinsicFailure: not as many values as places");
    return parts.map((part, index) => (index === 0 ? part : `${rest[index - 1]}${part}`)).join("");
  },
  Array: (values) => values,
  ArrayContains: ([list, value]) => listOf(list).includes(value),
  ArrayGetItem: ([list, index]) => {
    const [items, at] = [listOf(list), Number(index)];
    if (at >= items.length) throw new Error("States.IntrinsicFailure: there is no such item");
    return items[at];
  },
  // Empty parts are not among them.
  StringSplit: ([text, separator]) =>
    String(text)
      .split(String(separator))
      .filter((part) => part !== ""),
  UUID: () => randomUUID(),
};

function listOf(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Error("States.IntrinsicFailure: no list");
  return value;
}

/** Cut at the commas that stand in no quotes and no brackets. */
function argumentsOf(list: string): string[] {
  const found: string[] = [];
  let [depth, quoted, current] = [0, false, ""];
  for (const character of list) {
    if (character === "'") quoted = !quoted;
    if (!quoted && character === "(") depth++;
    if (!quoted && character === ")") depth--;
    if (character === "," && depth === 0 && !quoted) {
      found.push(current);
      current = "";
    } else current += character;
  }
  return current.trim() === "" ? found : [...found, current];
}

/** A path of names and places in lists; one that leads nowhere is an error, as it is there. */
function read(path: string, data: unknown, context: object): unknown {
  const inContext = path.startsWith("$$");
  const way = path.slice(inContext ? 2 : 1);
  if (!/^(\.\w+|\[\d+\])*$/.test(way)) throw new Error(`The path ${path} is not interpreted.`);
  let at: unknown = inContext ? context : data;
  for (const name of way.split(/[.[\]]+/).filter((part) => part !== "")) {
    if (typeof at !== "object" || at === null || !(name in at)) throw new Error(`States.ParameterPathFailure: ${path}`);
    at = (at as Json)[name];
  }
  return at;
}

function place(path: unknown, data: unknown, result: unknown): unknown {
  if (path === null) return data;
  if (path === undefined) return result;
  const name = /^\$\.(\w+)$/.exec(String(path))?.[1];
  if (name === undefined) throw new Error(`The result path ${path} is not interpreted.`);
  return { ...(data as Json), [name]: result };
}

function holds(choice: Json, data: unknown, context: object): boolean {
  const [, test] = Object.keys(choice);
  const value = read(String(choice.Variable), data, context);
  switch (test) {
    case "StringEquals":
      return value === choice.StringEquals;
    case "BooleanEquals":
      return value === choice.BooleanEquals;
    case "NumericGreaterThan":
      return typeof value === "number" && value > Number(choice.NumericGreaterThan);
    case "NumericGreaterThanEquals":
      return typeof value === "number" && value >= Number(choice.NumericGreaterThanEquals);
    default:
      throw new Error(`A choice by ${test} is not interpreted.`);
  }
}

function copy<T>(value: T): T {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T);
}
