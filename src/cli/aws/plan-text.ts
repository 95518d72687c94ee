import type { Change } from "../../definition/version.js";
import type { ResourceChange } from "../support/aws-package.js";
import { counted, plain } from "../support/text.js";
import type { Plan } from "./plan.js";

/** The data's way, from the ground up. */
const STAGES = [
  "foundation",
  "stream",
  "delivery",
  "catalog",
  "lake",
  "loader",
  "warehouse",
  "watch",
  "other",
] as const;
const MARKS = { add: "+", change: "~", replace: "±", remove: "-", keep: "·" } as const;
const VALUE_LETTERS_MAX = 80;
const PROPERTIES_MAX = 12;

/** A plan for people: by stage, what is only added gathered a line a type, everything else a resource at a time. */
export function planText(plan: Plan): string {
  const lines = [`Plan for ${plan.stackName}, against ${plan.against}`];
  for (const stage of STAGES) {
    const changes = plan.resources.filter((change) => change.stage === stage);
    if (changes.length === 0) continue;
    lines.push("", stage, ...addedLines(changes));
    for (const change of changes) if (change.action !== "add") lines.push(...changeLines(change));
  }
  if (plan.schema.length > 0) lines.push("", "definition", ...plan.schema.flatMap(schemaLines));
  lines.push("", summary(plan));
  const losses = plan.resources.filter(({ loses }) => loses !== undefined);
  if (losses.length > 0) {
    lines.push("", `!!! THIS LOSES DATA in ${counted(losses.length, "resource")}:`);
    for (const { title, type, loses, remark, advice } of losses) {
      lines.push(`!!!   ${title} (${shortType(type)}): ${loses}${remark === undefined ? "" : `; ${remark}`}`);
      if (advice !== undefined) lines.push(`!!!     ${advice}`);
    }
  }
  const left = plan.resources.filter(
    ({ action, loses, advice }) =>
      (action === "keep" || action === "replace") && loses === undefined && advice !== undefined,
  );
  if (left.length > 0) {
    lines.push(
      "",
      `!!! LEFT BEHIND, with data that the pipeline does not see any more: ${counted(left.length, "resource")}:`,
    );
    for (const { title, type, advice } of left) lines.push(`!!!   ${title} (${shortType(type)})`, `!!!     ${advice}`);
  }
  const refused = plan.schema.filter(({ kind }) => kind === "incompatible");
  if (refused.length > 0) {
    lines.push(
      "",
      `REFUSED: ${counted(refused.length, "change")} of the definition cannot be applied to what is there.`,
    );
  }
  if (plan.resources.some(({ stage, action }) => stage === "warehouse" && action === "add")) {
    lines.push(
      "",
      "Keys and encodings are easier to choose before the tables exist: `penstock advise <table>` measures them.",
    );
  }
  return lines.join("\n");
}

function summary(plan: Plan): string {
  const of = (action: ResourceChange["action"]) => plan.resources.filter((one) => one.action === action).length;
  const parts = [
    `${of("add")} to add`,
    `${of("change")} to change`,
    `${of("replace")} to replace`,
    `${of("remove")} to remove`,
  ];
  if (of("keep") > 0) parts.push(`${of("keep")} to leave in the account`);
  const changed = plan.resources.length === 0 && plan.schema.length === 0;
  return `${changed ? "Nothing changes: " : ""}${parts.join(", ")}, ${plan.unchanged} unchanged.`;
}

function addedLines(changes: readonly ResourceChange[]): string[] {
  const byType = new Map<string, string[]>();
  for (const { action, type, title } of changes) {
    if (action === "add") byType.set(type, [...(byType.get(type) ?? []), title]);
  }
  return [...byType].map(([type, titles]) => {
    const times = titles.length === 1 ? "" : ` ×${titles.length}`;
    return `  + ${shortType(type)}${times}: ${titles.map(plain).join(", ")}`;
  });
}

function changeLines(change: ResourceChange): string[] {
  const { action, title, type, mayReplace, properties, loses, remark } = change;
  const word = {
    add: "",
    change: mayReplace ? " MAY BE REPLACED" : "",
    replace: " IS REPLACED",
    remove: " IS REMOVED",
    keep: " is left",
  }[action];
  const shown = properties.slice(0, PROPERTIES_MAX);
  return [
    `  ${MARKS[action]} ${shortType(type)} ${plain(title)}${word}${loses === undefined ? "" : ` !!! LOSES ${loses}`}`,
    ...(remark === undefined ? [] : [`      ${remark}`]),
    ...shown.map(({ path, before, after, replaces }) => {
      const because = replaces === "no" ? "" : replaces === "yes" ? "   (makes a new one)" : "   (may make a new one)";
      return `      ${path}: ${valueText(before)} -> ${valueText(after)}${because}`;
    }),
    ...(properties.length > shown.length
      ? [`      and ${properties.length - shown.length} more (--json has them all)`]
      : []),
  ];
}

function schemaLines({ kind, path, before, after, advice }: Change): string[] {
  const mark = { additive: "+", warning: "~", incompatible: "✗" }[kind];
  const word = { additive: "", warning: " (mind)", incompatible: " REFUSED" }[kind];
  const values = `${before === undefined ? "" : `${before} -> `}${after ?? "nothing"}`;
  return [`  ${mark} ${path}: ${plain(values)}${word}`, ...(advice === undefined ? [] : [`      ${advice}`])];
}

function shortType(type: string): string {
  return type.replace(/^AWS::/, "").replace("::", " ");
}

function valueText(value: unknown): string {
  if (value === undefined) return "nothing";
  // A bundle's name is the digest of its bytes.
  if (typeof value === "string" && /^[0-9a-f]{64}\.zip$/.test(value)) return `code ${value.slice(0, 8)}`;
  const text = plain(typeof value === "string" ? value : JSON.stringify(value));
  return text.length <= VALUE_LETTERS_MAX ? text : `${text.slice(0, VALUE_LETTERS_MAX)}…`;
}
