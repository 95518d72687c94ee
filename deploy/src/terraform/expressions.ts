/** CloudFormation's values and intrinsic functions as expressions of Terraform's language, and as the templates that its JSON has them in. */
import { PenstockError } from "../../../src/core/errors.js";
import { attributeName } from "./names.js";

export interface Scope {
  /** What a resource's Ref is, and what an attribute is. */
  ref(logicalId: string): string;
  attribute(logicalId: string, name: string): string;
  readonly conditions: Readonly<Record<string, unknown>>;
}

/** Each stands for itself in AWS's partitions; `data` blocks of the same names are in the configuration. */
const PSEUDO: Readonly<Record<string, string>> = {
  "AWS::AccountId": "data.aws_caller_identity.current.account_id",
  "AWS::Region": "data.aws_region.current.region",
  "AWS::Partition": "data.aws_partition.current.partition",
  "AWS::URLSuffix": "data.aws_partition.current.dns_suffix",
  "AWS::StackName": "var.stack_name",
  "AWS::NoValue": "null",
};

/** Text with expressions in it, or an expression that is no text. */
type Expression = { readonly parts: readonly (string | { readonly code: string })[] } | { readonly code: string };

/** A value in the language itself: `{ "a" = data.x.y }`. */
export function expression(value: unknown, scope: Scope): string {
  return codeOf(expressed(value, scope));
}

/** Text in the language, whatever is in it. */
export function literal(text: string): string {
  return quoted([text]);
}

/** What stands for the value in the configuration's JSON: text that is literal but for `${...}`, or the value itself. */
export function template(value: unknown, scope: Scope): unknown {
  if (value === null || typeof value === "number" || typeof value === "boolean") return value;
  const found = expressed(value, scope);
  if ("code" in found) return found.code === "null" ? null : `\${${found.code}}`;
  return found.parts.map((part) => (typeof part === "string" ? escaped(part) : `\${${part.code}}`)).join("");
}

/** A document that the provider takes as text. */
export function jsonText(value: unknown, scope: Scope): unknown {
  return typeof value === "string" ? escaped(value) : `\${jsonencode(${expression(value, scope)})}`;
}

export function isIntrinsic(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && intrinsicOf(value) !== undefined;
}

function expressed(value: unknown, scope: Scope): Expression {
  if (value === null || typeof value === "number" || typeof value === "boolean") return { code: String(value) };
  if (typeof value === "string") return { parts: [value] };
  if (Array.isArray(value)) return { code: `[${value.map((one) => expression(one, scope)).join(", ")}]` };
  const intrinsic = intrinsicOf(value as object);
  if (intrinsic !== undefined) return called(intrinsic[0], intrinsic[1], scope);
  const entries = Object.entries(value as object).map(
    ([key, inner]) => `${quoted([key])} = ${expression(inner, scope)}`,
  );
  return { code: `{ ${entries.join(", ")} }` };
}

function codeOf(found: Expression): string {
  return "code" in found ? found.code : quoted(found.parts);
}

function intrinsicOf(value: object): readonly [string, unknown] | undefined {
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length !== 1 || only === undefined) return undefined;
  return only[0] === "Ref" || only[0] === "Condition" || only[0].startsWith("Fn::") ? only : undefined;
}

function called(name: string, given: unknown, scope: Scope): Expression {
  const list = Array.isArray(given) ? given : [given];
  const at = (index: number) => expression(list[index], scope);
  const code = (text: string) => ({ code: text });
  switch (name) {
    case "Ref":
      return code(reference(String(given), scope));
    case "Fn::GetAtt": {
      const [id = "", ...names] = Array.isArray(given) ? given.map(String) : String(given).split(".");
      return code(scope.attribute(id, names.join(".")));
    }
    case "Fn::Join":
      return joined(String(list[0]), list[1], scope);
    case "Fn::Sub":
      return substituted(list, scope);
    case "Fn::Select":
      return code(`${at(1)}[${Number(list[0])}]`);
    case "Fn::Split":
      return code(`split(${at(0)}, ${at(1)})`);
    case "Fn::GetAZs":
      return code("data.aws_availability_zones.available.names");
    case "Fn::Base64":
      return code(`base64encode(${at(0)})`);
    case "Fn::If":
      return code(`(${condition(list[0], scope)} ? ${at(1)} : ${at(2)})`);
    case "Condition":
      return code(condition(given, scope));
    case "Fn::Equals":
      return code(`(${at(0)} == ${at(1)})`);
    case "Fn::Not":
      return code(`!${at(0)}`);
    case "Fn::And":
      return code(`(${list.map((_, index) => at(index)).join(" && ")})`);
    case "Fn::Or":
      return code(`(${list.map((_, index) => at(index)).join(" || ")})`);
    default:
      throw new PenstockError("invalid-argument", `${name} has no counterpart in Terraform that is known here.`);
  }
}

function reference(name: string, scope: Scope): string {
  const pseudo = PSEUDO[name];
  if (pseudo !== undefined) return pseudo;
  if (name.startsWith("AWS::")) throw new PenstockError("invalid-argument", `${name} has no counterpart in Terraform.`);
  return scope.ref(name);
}

function condition(name: unknown, scope: Scope): string {
  const found = scope.conditions[String(name)];
  if (found === undefined)
    throw new PenstockError("invalid-argument", `The template has no condition ${String(name)}.`);
  return expression(found, scope);
}

function joined(delimiter: string, given: unknown, scope: Scope): Expression {
  if (!Array.isArray(given)) return { code: `join(${quoted([delimiter])}, ${expression(given, scope)})` };
  const parts = given.flatMap((one, index) => [...(index === 0 ? [] : [delimiter]), ...partsOf(expressed(one, scope))]);
  return { parts };
}

function substituted([text, given]: readonly unknown[], scope: Scope): Expression {
  const values = (given ?? {}) as Readonly<Record<string, unknown>>;
  const parts = String(text)
    .split(/(\$\{[^}]*\})/)
    .flatMap((part) => {
      const name = /^\$\{([^}]*)\}$/.exec(part)?.[1];
      if (name === undefined) return [part];
      if (name.startsWith("!")) return [`\${${name.slice(1)}}`];
      if (name in values) return partsOf(expressed(values[name], scope));
      const [id = "", ...attribute] = name.split(".");
      return [{ code: attribute.length > 0 ? scope.attribute(id, attribute.join(".")) : reference(name, scope) }];
    });
  return { parts };
}

function partsOf(found: Expression): readonly (string | { readonly code: string })[] {
  return "code" in found ? [found] : found.parts;
}

function escaped(text: string): string {
  return text.replaceAll(/[$%]\{/g, (mark) => `${mark[0]}${mark}`);
}

function quoted(parts: readonly (string | { readonly code: string })[]): string {
  const texts = parts.map((part) => {
    if (typeof part !== "string") return `\${${part.code}}`;
    return JSON.stringify(escaped(part)).slice(1, -1).replaceAll("\\b", "\\u0008").replaceAll("\\f", "\\u000c");
  });
  return `"${texts.join("")}"`;
}

export function attributePath(name: string): string {
  return name.split(".").map(attributeName).join(".");
}
