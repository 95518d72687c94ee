/** The newest statements of all sessions, for SYS_QUERY_HISTORY, STL_QUERY and the like; a bounded ring in memory. */
import type { RelationInfo } from "../binder/bound.js";

const ENTRIES_MAX = 2_000;
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
  const ring: QueryEntry[] = [];
  let first = 0;
  const at = (id: number) => (id - first) % ENTRIES_MAX;
  return {
    entries: () => [...ring].sort((a, b) => a.id - b.id),
    begin(started) {
      const id = nextId++;
      if (ring.length === 0) first = id;
      const place = at(id);
      ring[place] = {
        ...started,
        sql: started.sql.slice(0, TEXT_CHARS_MAX),
        id,
        state: "running",
        rows: 0,
        relations: [],
      };
      const change = (more: Partial<QueryEntry>) => {
        const entry = ring[place];
        if (entry?.id === id && entry.state === "running") ring[place] = { ...entry, ...more };
      };
      return {
        id,
        reads: (relations) => change({ relations: relations.map(({ oid, schema, name }) => ({ oid, schema, name })) }),
        end: (outcome) => change(outcome),
      };
    },
  };
}
