/** Which conversions there are. Sources: Redshift's "Type compatibility and conversion", and PostgreSQL's pg_cast for the catalog's types. */
import type { SqlType } from "../../types.js";
import { groupOf, numberRank } from "./type-groups.js";

export type CastKind = "implicit" | "assignment" | "explicit";

const STRENGTH: Readonly<Record<CastKind, number>> = { implicit: 0, assignment: 1, explicit: 2 };

export function castAllowed(from: SqlType, to: SqlType, kind: CastKind): boolean {
  const least = leastKind(from, to);
  return least !== undefined && STRENGTH[least] <= STRENGTH[kind];
}

/** The weakest context in which the conversion is made; undefined for none. */
export function leastKind(from: SqlType, to: SqlType): CastKind | undefined {
  if (from.kind === "unknown" || to.kind === "unknown") return "implicit";
  const [source, target] = [groupOf(from), groupOf(to)];
  if (source === "array" || target === "array") {
    if (from.kind === "array" && to.kind === "array") return leastKind(from.of, to.of);
    return target === "text" ? "explicit" : undefined;
  }
  if (to.kind === "void" || from.kind === "void") return from.kind === to.kind ? "implicit" : undefined;
  switch (target) {
    case "text":
      if (source === "boolean" || source === "varbyte") return "explicit";
      return "implicit";
    case "number":
      if (source === "number") return numberRank(to) >= numberRank(from) ? "implicit" : "assignment";
      if (source === "catalog")
        return to.kind === "oid" || to.kind === "integer" || to.kind === "bigint" ? "implicit" : undefined;
      if (source === "super") return "implicit";
      return source === "text" || source === "boolean" ? "explicit" : undefined;
    case "boolean":
      if (source === "boolean" || source === "super") return "implicit";
      if (source === "number") return from.kind === "decimal" ? "explicit" : "assignment";
      return source === "text" ? "explicit" : undefined;
    case "date-time":
      if (source === "date-time") return dateTimeKind(from, to);
      if (source === "super") return "assignment";
      return source === "text" ? "explicit" : undefined;
    case "time":
      if (source === "time") return "implicit";
      if (source === "super") return "assignment";
      if (from.kind === "timestamp" || from.kind === "timestamptz") return "assignment";
      return source === "text" || source === "interval" ? "explicit" : undefined;
    case "interval":
      if (source === "interval" || from.kind === "time") return "implicit";
      return source === "text" ? "explicit" : undefined;
    case "super":
      return source === "interval" ? undefined : "implicit";
    case "varbyte":
      if (source === "varbyte") return "implicit";
      return source === "text" ? "assignment" : source === "number" ? "explicit" : undefined;
    case "catalog":
      if (from.kind === to.kind) return "implicit";
      return source === "number" || source === "text" ? "explicit" : undefined;
    default:
      return undefined;
  }
}

function dateTimeKind(from: SqlType, to: SqlType): CastKind {
  const ranks: Readonly<Partial<Record<SqlType["kind"], number>>> = { date: 1, timestamp: 2, timestamptz: 3 };
  return (ranks[to.kind] ?? 0) >= (ranks[from.kind] ?? 0) ? "implicit" : "assignment";
}
