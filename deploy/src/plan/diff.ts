/** What an update of the deployed template to the new one does, resource by resource. */
import { dataOf } from "./data.js";
import type { PropertyChange } from "./property-change.js";
import { resourceType } from "./resource-types.js";
import { isRecord, type Resource, referencesIn, type Stage, stageOf, type Template, titleOf } from "./template.js";

export interface ResourceChange {
  readonly stage: Stage;
  readonly logicalId: string;
  readonly type: string;
  readonly title: string;
  /** `keep`: it leaves the stack and stays in the account. */
  readonly action: "add" | "change" | "replace" | "remove" | "keep";
  /** CloudFormation decides by the values whether it replaces the resource. */
  readonly mayReplace: boolean;
  readonly properties: readonly PropertyChange[];
  /** What is lost, in words. */
  readonly loses?: string;
  /** What to do about what is lost or left behind. */
  readonly advice?: string;
  /** What becomes of data that is not lost, or why CloudFormation will refuse. */
  readonly remark?: string;
}

export function diffTemplates(before: Template | undefined, after: Template): readonly ResourceChange[] {
  const old = before?.Resources ?? {};
  const changes: ResourceChange[] = [];
  const replaced = replacedIds(old, after.Resources);
  for (const [logicalId, resource] of Object.entries(after.Resources)) {
    const was = old[logicalId];
    if (was === undefined || was.Type !== resource.Type) changes.push(described(logicalId, resource, "add", []));
    else {
      const properties = propertyChanges(was, resource, replaced);
      if (properties.length === 0) continue;
      const replaces = properties.some((one) => one.replaces === "yes");
      changes.push(described(logicalId, resource, replaces ? "replace" : "change", properties, was));
    }
  }
  for (const [logicalId, resource] of Object.entries(old)) {
    if (after.Resources[logicalId]?.Type === resource.Type) continue;
    const kept = resource.DeletionPolicy === "Retain" || resource.DeletionPolicy === "RetainExceptOnCreate";
    changes.push(described(logicalId, resource, kept ? "keep" : "remove", []));
  }
  return changes;
}

/** A resource whose replacement takes another with it, because that one names it where a change replaces: to the fixed point. */
function replacedIds(old: Template["Resources"], next: Template["Resources"]): ReadonlySet<string> {
  const replaced = new Set<string>();
  for (let before = -1; before !== replaced.size; ) {
    before = replaced.size;
    for (const [logicalId, resource] of Object.entries(next)) {
      const was = old[logicalId];
      if (was?.Type !== resource.Type || replaced.has(logicalId)) continue;
      if (propertyChanges(was, resource, replaced).some(({ replaces }) => replaces === "yes")) replaced.add(logicalId);
    }
  }
  return replaced;
}

function propertyChanges(was: Resource, is: Resource, replaced: ReadonlySet<string>): PropertyChange[] {
  const { replacing } = resourceType(is.Type);
  const names = new Set([...Object.keys(was.Properties ?? {}), ...Object.keys(is.Properties ?? {})]);
  const changes: PropertyChange[] = [];
  for (const name of names) {
    const before = was.Properties?.[name];
    const after = is.Properties?.[name];
    const replaces: PropertyChange["replaces"] = replacing.get(name) ?? "no";
    const leaves = leafChanges(name, before, after);
    for (const leaf of leaves) changes.push({ ...leaf, replaces });
    const followed = [...referencesIn(after)].filter((id) => replaced.has(id));
    if (leaves.length === 0 && followed.length > 0) {
      // The text is the same, and what it stands for is not.
      const text = `of the replaced ${followed.join(", ")}`;
      changes.push({ path: name, before: "as it was", after: text, replaces });
    }
  }
  return changes;
}

function leafChanges(
  path: string,
  before: unknown,
  after: unknown,
): { path: string; before?: unknown; after?: unknown }[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (isRecord(before) && isRecord(after) && !isIntrinsic(before) && !isIntrinsic(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) => leafChanges(`${path}.${name}`, before[name], after[name]));
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((one, index) => leafChanges(`${path}[${index}]`, one, after[index]));
  }
  return [{ path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }];
}

function isIntrinsic(value: Record<string, unknown>): boolean {
  const [only, ...others] = Object.keys(value);
  return others.length === 0 && only !== undefined && (only === "Ref" || only.startsWith("Fn::"));
}

function described(
  logicalId: string,
  resource: Resource,
  action: ResourceChange["action"],
  properties: readonly PropertyChange[],
  was: Resource = resource,
): ResourceChange {
  const said = consequence(action, resource, was, properties);
  return {
    stage: stageOf(logicalId),
    logicalId,
    type: resource.Type,
    title: titleOf(logicalId, resource),
    action,
    mayReplace: action === "change" && properties.some(({ replaces }) => replaces === "maybe"),
    properties,
    ...said,
  };
}

function consequence(
  action: ResourceChange["action"],
  is: Resource,
  was: Resource,
  properties: readonly PropertyChange[],
): Pick<ResourceChange, "loses" | "remark" | "advice"> {
  const data = dataOf(is.Type);
  switch (action) {
    case "add":
      return {};
    case "keep":
      if (data === undefined) return { remark: "it stays in the account, and is the stack's no more" };
      return {
        remark: `it stays in the account with ${data.holds}, and is the stack's no more`,
        advice: data.advice,
      };
    case "remove": {
      if (data === undefined) return {};
      const remark = was.DeletionPolicy === "Snapshot" ? { remark: "CloudFormation takes a last snapshot first" } : {};
      return { loses: data.holds, ...remark, advice: data.advice };
    }
    case "replace": {
      if (keepsItsName(is, was)) {
        return {
          remark:
            "CloudFormation will refuse: a second one of the same name cannot be made beside the first. Give it another name",
        };
      }
      if (data === undefined) return {};
      const { holds, advice } = data;
      if (was.UpdateReplacePolicy === "Retain")
        return { remark: `the new one begins empty; the old one stays in the account with ${holds}`, advice };
      const remark = "the new one begins empty; CloudFormation takes a last snapshot of the old one";
      return { loses: holds, ...(was.UpdateReplacePolicy === "Snapshot" ? { remark } : {}), advice };
    }
    case "change": {
      if (data === undefined) return {};
      const { advice } = data;
      const lost = properties.map((property) => data.change?.(property)).find((text) => text !== undefined);
      if (lost !== undefined) return { loses: lost, advice };
      return properties.some(({ replaces }) => replaces === "maybe")
        ? { remark: `if CloudFormation replaces it, it loses ${data.holds}`, advice }
        : {};
    }
  }
}

/** Named by the template, and by the same name before and after: then the new one cannot be made before the old one is gone. */
function keepsItsName(is: Resource, was: Resource): boolean {
  const { identity } = resourceType(is.Type);
  return (
    identity.length > 0 &&
    identity.every((property) => {
      const name = is.Properties?.[property];
      return typeof name === "string" && name === was.Properties?.[property];
    })
  );
}
