/**
 * From parsed JSON or CBOR to an operation's input: first every value's type, then every constraint, each fault in the service's words.
 * The type check stops at the first fault; the constraints are all tried, and up to ten of them reported.
 */
import { serializationError, validationError } from "./aws-error.js";
import { base64Fault } from "./base64.js";
import type { Shape } from "./shape.js";

const FAULTS_MAX = 10;
const INTEGER_MAX = 2_147_483_647;
const NUMBER_CLASS = "class com.amazon.coral.value.json.numbers.TruncatingBigNumber";

export function decodeInput<T>(shape: Shape<T>, raw: unknown): T {
  const input = decode(shape as Shape, raw);
  validate(shape as Shape, input);
  return input as T;
}

/** Types alone. */
export function decodeTypes<T>(shape: Shape<T>, raw: unknown): T {
  return decode(shape as Shape, raw) as T;
}

function decode(shape: Shape, raw: unknown): unknown {
  if (raw === null || raw === undefined) return undefined;
  const value = typeof raw === "bigint" ? Number(raw) : raw;
  switch (shape.kind) {
    case "Structure":
      return decodeStructure(shape, value);
    case "List":
      if (Array.isArray(value)) return value.map((one) => decode(shape.member!, one));
      throw serializationError(isPlain(value) ? STRUCTURE_FOUND : "Expected list or null");
    case "Map":
      if (Array.isArray(value)) throw serializationError(LIST_FOUND);
      if (!isPlain(value)) throw serializationError("Expected map or null");
      return new Map(Object.keys(value).map((key) => [key, decode(shape.member!, value[key])]));
    case "Blob":
      return decodeBlob(value);
    case "Timestamp":
      return decodeTimestamp(value);
    default:
      return decodeScalar(shape.kind, value);
  }
}

const LIST_FOUND = "Start of list found where not expected";
const STRUCTURE_FOUND = "Start of structure or map found where not expected.";

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refuseComposite(value: unknown): void {
  if (Array.isArray(value)) throw serializationError(LIST_FOUND);
  if (typeof value === "object") throw serializationError(STRUCTURE_FOUND);
}

function decodeStructure(shape: Shape, value: unknown): Record<string, unknown> {
  if (Array.isArray(value)) throw serializationError(LIST_FOUND);
  if (!isPlain(value)) throw serializationError("Expected null");
  const input: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(shape.members!)) input[name] = decode(member, value[name]);
  return input;
}

function decodeScalar(kind: "Boolean" | "Integer" | "Double" | "String", value: unknown): unknown {
  refuseComposite(value);
  const convertible = (source: string) => serializationError(`${source} can not be converted to an ${kind}`);
  switch (kind) {
    case "String":
      if (typeof value === "string") return value;
      throw convertible(typeof value === "boolean" ? "class java.lang.Boolean" : NUMBER_CLASS);
    case "Boolean":
      if (typeof value === "boolean") return value;
      throw convertible(typeof value === "string" ? `'${value.toUpperCase()}'` : NUMBER_CLASS);
    default:
      if (typeof value === "string") throw convertible("class java.lang.String");
      if (typeof value === "boolean") throw convertible("class java.lang.Boolean");
      return kind === "Double" ? value : Math.max(-INTEGER_MAX - 1, Math.min(INTEGER_MAX, Math.floor(value as number)));
  }
}

function decodeBlob(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  refuseComposite(value);
  if (typeof value !== "string") {
    const source = typeof value === "boolean" ? "class java.lang.Boolean" : NUMBER_CLASS;
    throw serializationError(`${source} can not be converted to a Blob`);
  }
  const fault = base64Fault(value);
  if (fault !== undefined) throw serializationError(`'${value}' can not be converted to a Blob: ${fault}`);
  return Buffer.from(value, "base64");
}

/** JSON has seconds, with a fraction; CBOR's tag 1 has become a Date already, from milliseconds. */
function decodeTimestamp(value: unknown): number {
  if (value instanceof Date) return value.getTime();
  refuseComposite(value);
  if (typeof value === "number") return Math.round(value * 1000);
  const source = typeof value === "boolean" ? "class java.lang.Boolean" : "class java.lang.String";
  throw serializationError(`${source} can not be converted to milliseconds since epoch`);
}

export function validate(shape: Shape, input: unknown): void {
  const faults: string[] = [];
  checkMembers(shape, input as Record<string, unknown>, "", faults);
  if (faults.length === 0) return;
  const count = `${faults.length} validation error${faults.length > 1 ? "s" : ""} detected`;
  throw validationError(`${count}: ${faults.join("; ")}`);
}

function checkMembers(shape: Shape, input: Record<string, unknown>, parent: string, faults: string[]): void {
  for (const [name, member] of Object.entries(shape.members!)) {
    const path = `${parent}${name[0]!.toLowerCase()}${name.slice(1)}`;
    const optional = !member.required || (member.unless !== undefined && input[member.unless] !== undefined);
    checkValue(member, input[name], path, optional, faults);
  }
}

function checkValue(shape: Shape, value: unknown, path: string, optional: boolean, faults: string[]): void {
  if (faults.length >= FAULTS_MAX) return;
  const fault = (text: string) => {
    const printed = value === undefined ? "null" : `'${print(shape, value)}'`;
    if (faults.length < FAULTS_MAX) faults.push(`Value ${printed} at '${path}' failed to satisfy constraint: ${text}`);
  };
  if (value === undefined) {
    if (!optional) fault("Member must not be null");
    return;
  }
  for (const check of shape.checks) if (!check.holds(value)) fault(check.text);
  if (shape.kind === "Structure") checkMembers(shape, value as Record<string, unknown>, `${path}.`, faults);
  if (shape.kind === "List") {
    for (const [i, one] of (value as unknown[]).entries()) {
      checkValue(shape.member!, one, `${path}.${i + 1}.member`, false, faults);
    }
  }
  if (shape.kind === "Map") {
    for (const [key, one] of value as Map<string, unknown>) {
      checkValue(shape.member!, one, `${path}.${key}.member`, false, faults);
    }
  }
}

/** A value as the service prints it in its messages. */
function print(shape: Shape, value: unknown): string {
  switch (shape.kind) {
    case "Blob": {
      const { length } = value as Uint8Array;
      return `java.nio.HeapByteBuffer[pos=0 lim=${length} cap=${length}]`;
    }
    case "List":
      return `[${(value as unknown[]).map((one) => shape.memberText ?? print(shape.member!, one)).join(", ")}]`;
    case "Map":
      return `{${[...(value as Map<string, unknown>)].map(([key, one]) => `${key}=${one}`).join(", ")}}`;
    case "Structure":
      return JSON.stringify(value);
    default:
      return String(value);
  }
}
