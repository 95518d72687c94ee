import { type ErrorDetails, PenstockError } from "../core/errors.js";
import { nearest } from "./nearest.js";

/** One mistake of a definition. */
export interface Problem {
  /** The way to the field: `tables.quotes.columns.bid`. */
  readonly path: string;
  /** What is wrong, with the value and what is allowed. */
  readonly message: string;
}

/** An `invalid-definition` with each mistake as data, for those who show them one by one. */
export class DefinitionError extends PenstockError {
  readonly problems: readonly Problem[];
  /** What the mistakes are of: the message's beginning. */
  readonly of: string;

  constructor(what: string, problems: readonly Problem[], details: ErrorDetails = {}) {
    const count = problems.length === 1 ? "a mistake" : `${problems.length} mistakes`;
    super("invalid-definition", `${what} has ${count}:${problems.map(lineOf).join("")}`, details);
    this.problems = problems;
    this.of = what;
  }
}

function lineOf({ path, message }: Problem): string {
  return `\n  ${path}: ${message}`;
}

/** Gathers the mistakes of one definition, so that all are reported at once. */
export interface Problems {
  readonly all: readonly Problem[];
  add(path: string, message: string): void;
}

export function gatherProblems(): Problems {
  const all: Problem[] = [];
  return { all, add: (path, message) => all.push({ path, message }) };
}

const SHOWN_CHARS_MAX = 80;

/** A value as a message shows it. */
export function show(value: unknown): string {
  let text: string | undefined;
  if (typeof value === "bigint") text = `${value}n`;
  else if (typeof value === "function") text = "a function";
  else if (typeof value === "symbol") text = String(value);
  else if (typeof value === "number") text = String(value);
  else {
    try {
      text = JSON.stringify(value);
    } catch {
      text = "an object that refers to itself";
    }
  }
  text ??= "undefined";
  return text.length <= SHOWN_CHARS_MAX ? text : `${text.slice(0, SHOWN_CHARS_MAX)}...`;
}

/** The options as an object, after a look for names that no option has; undefined when they are no object. */
export function readOptions(
  path: string,
  value: unknown,
  allowed: readonly string[],
  problems: Problems,
): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    problems.add(path, `is ${show(value)}; it must be an object with ${listOf(allowed)}.`);
    return undefined;
  }
  for (const name of Object.keys(value)) {
    if (!allowed.includes(name)) {
      problems.add(
        `${path}.${name}`,
        `there is no such option${meant(name, allowed)}. Allowed: ${allowed.join(", ")}.`,
      );
    }
  }
  return value as Record<string, unknown>;
}

/** ` (did you mean "columns"?)`, or nothing. */
export function meant(word: string, candidates: Iterable<string>): string {
  const found = nearest(word, candidates);
  return found === undefined ? "" : ` (did you mean ${show(found)}?)`;
}

/** A whole number within bounds; the fallback when absent; undefined, and a problem, otherwise. */
export function readWhole(
  path: string,
  value: unknown,
  bounds: { readonly min: number; readonly max: number; readonly what: string },
  problems: Problems,
): number | undefined {
  if (typeof value === "number" && Number.isInteger(value) && value >= bounds.min && value <= bounds.max) return value;
  problems.add(path, `is ${show(value)}; ${bounds.what} must be a whole number from ${bounds.min} to ${bounds.max}.`);
  return undefined;
}

/** One of the words; undefined, and a problem, otherwise. */
export function readWord<const W extends string>(
  path: string,
  value: unknown,
  words: readonly W[],
  problems: Problems,
): W | undefined {
  const found = words.find((word) => word === value);
  if (found === undefined) {
    const hint = typeof value === "string" ? meant(value, words) : "";
    problems.add(path, `is ${show(value)}${hint}; it must be ${listOf(words.map((word) => show(word)))}.`);
  }
  return found;
}

function listOf(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
