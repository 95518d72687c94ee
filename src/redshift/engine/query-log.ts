/** The newest statements of all sessions, for SYS_QUERY_HISTORY, STL_QUERY and the like; a bounded ring in memory. */
import type { RelationInfo } from "../binder/bound.js";

const ENTRIES_MAX = 2_000;
/** Of all texts together. */
const CHARS_MAX = 8 * 1_024 * 1_024;
/** Of a statement's text; Redshift's own views cut at 4,000. */
const TEXT_CHARS_MAX = 65_535;

export interface QueryEntry {
  readonly id: number;
  readonly sql: string;
  /** `SELECT`, `CREATE TABLE`, ... */
  readonly verb: string;
  readonly user: string;
  readonly processId: number;
  readonly transactionId: number;
  readonly applicationName: string;
  readonly queryGroup: string;
  readonly startedAtMs: number;
  /** Undefined while it runs. */
  readonly durationMs?: number;
  readonly state: "running" | "success" | "failed" | "canceled";
  /** Read or changed. */
  readonly rows: number;
  readonly error?: string;
  readonly relations: readonly { readonly oid: number; readonly schema: string; readonly name: string }[];
}

export interface QueryLog {
  /** Oldest first. */
  entries(): readonly QueryEntry[];
  begin(entry: Omit<QueryEntry, "id" | "state" | "rows" | "durationMs" | "relations">): OpenEntry;
}

export interface OpenEntry {
  readonly id: number;
  /** The statement's text as it is kept. */
  readonly sql: string;
  reads(relations: readonly RelationInfo[]): void;
  /** The first call holds. */
  end(outcome: {
    readonly state: QueryEntry["state"];
    readonly rows: number;
    readonly durationMs: number;
    readonly error?: string;
  }): void;
}

export function queryLog(): QueryLog {
  let nextId = 1;
  let chars = 0;
  const entries = new Map<number, QueryEntry>();

  function forgetOldest(): void {
    for (const [id, { sql }] of entries) {
      if (entries.size <= ENTRIES_MAX && chars <= CHARS_MAX) return;
      entries.delete(id);
      chars -= sql.length;
    }
  }

  return {
    entries: () => [...entries.values()],
    begin(started) {
      const id = nextId++;
      const sql = copyOf(started.sql.slice(0, TEXT_CHARS_MAX));
      entries.set(id, { ...started, sql, id, state: "running", rows: 0, relations: [] });
      chars += sql.length;
      forgetOldest();
      const change = (more: Partial<QueryEntry>) => {
        const entry = entries.get(id);
        if (entry?.state === "running") entries.set(id, { ...entry, ...more });
      };
      return {
        id,
        sql,
        reads: (relations) => change({ relations: relations.map(({ oid, schema, name }) => ({ oid, schema, name })) }),
        end: (outcome) => change(outcome),
      };
    },
  };
}

/** A part of a text keeps all of it in memory: here the message that the statement came in, which may be large. */
function copyOf(text: string): string {
  return Buffer.from(text).toString();
}
