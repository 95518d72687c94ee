/**
 * What a definition's `transform` gets and may give back. Numbers that a double cannot hold exactly come as bigint, or, with a
 * fraction, as their text; the columns take both. Back may come an object, a list of them, or null for "leave it out".
 */
import type { JsonObject, JsonValue } from "./json-text.js";
import { readJson } from "./json-text.js";

export function recordOfJson(object: JsonObject): Record<string, unknown> {
  return plain(object) as Record<string, unknown>;
}

export function recordOfFields(
  names: readonly string[],
  textOf: (name: string) => string | null | undefined,
): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, textOf(name) ?? null]));
}

/** Throws where a result is no object, or holds what JSON has nothing for. */
export function resultsOfTransform(returned: unknown): readonly JsonObject[] {
  if (returned === null || returned === undefined) return [];
  return (Array.isArray(returned) ? returned : [returned]).map((result: unknown) => {
    const text = JSON.stringify(result, (_key, value: unknown) =>
      typeof value === "bigint" ? rawNumber(value) : value,
    );
    const value = text === undefined ? undefined : readJson(text.replaceAll(RAW_NUMBER, "$1"), 0).value;
    if (value?.kind !== "object") throw new TypeError("it must return an object, a list of objects, or null");
    return value;
  });
}

/** JSON.stringify cannot write a bigint: it goes in as marked text, and the marks and quotes are taken off afterwards. */
const MARK = "\uE000penstock:";
const RAW_NUMBER = new RegExp(`"${MARK}(-?\\d+)"`, "g");

function rawNumber(value: bigint): string {
  return `${MARK}${value}`;
}

function plain(value: JsonValue): unknown {
  switch (value.kind) {
    case "string":
      return value.text;
    case "number":
      return numberOf(value.raw);
    case "true":
    case "false":
      return value.kind === "true";
    case "null":
      return null;
    case "array":
      return value.items.map(plain);
    case "object":
      return Object.fromEntries([...value.fields].map(([name, field]) => [name, plain(field)]));
  }
}

function numberOf(raw: string): unknown {
  const value = Number(raw);
  if (/^-?\d+$/.test(raw)) return Number.isSafeInteger(value) ? value : BigInt(raw);
  // Up to 15 digits a double gives back what went in.
  return raw.replace(/[eE].*$|\D/g, "").length <= 15 ? value : raw;
}
