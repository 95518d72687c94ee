/** The definition's prefixes in Firehose's words. */
import type { DeliverModel } from "../../src/definition/model.js";

/** The whole folders before the first expression: what a role or an event's rule can be limited to. `""` where there are none. */
export function fixedPart(prefix: string): string {
  const literal = prefix.split("!{")[0]!;
  return literal.slice(0, literal.lastIndexOf("/") + 1);
}

/** Partition values come from the transform Lambda rather than from a JQ query, so that they are cut by the same code as locally. */
export function firehosePrefix(deliver: DeliverModel): string {
  return deliver.prefix.replaceAll("!{partitionKeyFromQuery:", "!{partitionKeyFromLambda:");
}
