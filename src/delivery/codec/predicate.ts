/**
 * `where`: a top-level field of the record is one of some values. Values are compared as texts: a string by its content, a boolean as
 * `true` or `false`, a number in its shortest form (so that 5, 5.0 and "5" are the same). A field that is absent or null is none of them.
 */
import type { Predicate } from "../../definition/model.js";
import type { JsonValue } from "./json-text.js";

export function acceptedTexts(predicate: Predicate): ReadonlySet<string> {
  return new Set(predicate.in.map((value) => (typeof value === "number" ? String(value) : `${value}`)));
}

export function textOfField(value: JsonValue | undefined): string | undefined {
  if (value === undefined) return undefined;
  switch (value.kind) {
    case "null":
      return undefined;
    case "string":
      return value.text;
    case "number":
      return numberText(value.raw);
    default:
      return value.raw;
  }
}

function numberText(raw: string): string {
  if (raw === "-0") return "0";
  return /^-?(\d+|[a-z]+)$/i.test(raw) ? raw : String(Number(raw));
}
