/** What a plan reads of a CloudFormation template. */
export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Metadata?: Readonly<Record<string, unknown>>;
}

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

/** In the order of the data's way. The stages' constructs have these names, and CloudFormation's ids begin with them. */
export const STAGES = [
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
export type Stage = (typeof STAGES)[number];

/** Constructs that belong to a stage of another name. */
const WITHIN: readonly (readonly [construct: string, stage: Stage])[] = [
  ["partitions", "catalog"],
  ["loadmodes", "loader"],
  ["migration", "warehouse"],
];

export function stageOf(logicalId: string): Stage {
  return constructOf(logicalId)[1];
}

function constructOf(logicalId: string): readonly [construct: string, stage: Stage] {
  const named = [...STAGES.map((stage) => [stage, stage] as const), ...WITHIN];
  return named.find(([construct]) => logicalId.toLowerCase().startsWith(construct)) ?? ["", "other"];
}

/** Properties that say which one it is, the most telling first. */
const NAMES = [
  "Name",
  "TableInput.Name",
  "DatabaseInput.Name",
  "NamespaceName",
  "WorkgroupName",
  "AlarmName",
  "FunctionName",
  "DeliveryStreamName",
];

/** As a person would call it: the name it is given, or its construct's. */
export function titleOf(logicalId: string, resource: Resource): string {
  for (const path of NAMES) {
    let value: unknown = resource.Properties;
    for (const part of path.split(".")) value = isRecord(value) ? value[part] : undefined;
    if (typeof value === "string") return value;
  }
  // The stage before and the path's digest behind tell nothing.
  const [construct] = constructOf(logicalId);
  const bare = logicalId.replace(/[0-9A-F]{8}$/, "").slice(construct.length);
  return bare === "" ? logicalId : bare;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The logical ids that a value refers to. */
export function referencesIn(value: unknown, found: Set<string> = new Set()): Set<string> {
  if (Array.isArray(value)) {
    for (const one of value) referencesIn(one, found);
  } else if (isRecord(value)) {
    if (typeof value.Ref === "string") found.add(value.Ref);
    const attribute = value["Fn::GetAtt"];
    if (Array.isArray(attribute) && typeof attribute[0] === "string") found.add(attribute[0]);
    if (typeof attribute === "string") found.add(attribute.split(".")[0]!);
    const substituted = value["Fn::Sub"];
    const text = Array.isArray(substituted) ? substituted[0] : substituted;
    if (typeof text === "string") for (const [, id] of text.matchAll(/\$\{([A-Za-z0-9]+)[.}]/g)) found.add(id!);
    for (const one of Object.values(value)) referencesIn(one, found);
  }
  return found;
}
