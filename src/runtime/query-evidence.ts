/**
 * What the advisor goes by: statements that ran and succeeded, each text once, with how often and when last. They outlive a restart in `queries.json` of the
 * data directory, constants and all, since without these nobody knows what a zone map would pass by; the file is as private as the rows beside it. What may
 * carry a secret (CREATE USER, UNLOAD and COPY with credentials) is never written.
 */
import { join } from "node:path";
import type { LoggedStatement } from "../advisor/query-uses.js";
import { messageOf } from "../core/errors.js";
import { inTurn } from "../core/in-turn.js";
import { readJsonFile, writeFileAtomically } from "../disk/atomic-file.js";
import type { Disk } from "../disk/disk.js";
import type { QueryEntry, QueryLog } from "../redshift/engine/query-log.js";

export interface QueryEvidence {
  statements(): readonly LoggedStatement[];
  /** Saves once more and ends. */
  close(): Promise<void>;
}

export interface EvidenceOptions {
  readonly log: Pick<QueryLog, "entries">;
  readonly disk: Disk;
  readonly directory: string;
  readonly warn: (details: object, message: string) => void;
  /** Default 2,000. */
  readonly statementsMax?: number;
}

/** Of its own sessions, whose statements are no evidence. */
export const ADVISOR_APPLICATION = "penstock advise";
const OWN_APPLICATIONS: ReadonlySet<string> = new Set([ADVISOR_APPLICATION, "start"]);
const STATEMENTS_MAX = 2_000;
/** Of all texts together. */
const CHARACTERS_MAX = 4_000_000;
/** Longer ones are generated lists; a cut one could not be parsed. */
const STATEMENT_CHARACTERS_MAX = 65_000;
/** What a crash may forget; also so often that the ring of newest statements rarely turns over in between. */
const SAVE_EVERY_MS = 30_000;

interface Known extends LoggedStatement {
  /** May be written to the disk. */
  readonly lasting: boolean;
}

export async function openQueryEvidence(options: EvidenceOptions): Promise<QueryEvidence> {
  const { log, disk, directory, warn, statementsMax = STATEMENTS_MAX } = options;
  const path = join(directory, "queries.json");
  const known = new Map<string, Known>();
  const take = inTurn();
  let taken = new Set<number>();
  let changed = false;

  const add = (statement: Known) => {
    const before = known.get(statement.sql);
    known.delete(statement.sql);
    known.set(statement.sql, {
      ...statement,
      count: (before?.count ?? 0) + statement.count,
      atMs: Math.max(before?.atMs ?? 0, statement.atMs),
    });
  };
  const forgetOldest = () => {
    let characters = [...known.keys()].reduce((sum, sql) => sum + sql.length, 0);
    for (const sql of known.keys()) {
      if (known.size <= statementsMax && characters <= CHARACTERS_MAX) return;
      known.delete(sql);
      characters -= sql.length;
    }
  };

  try {
    for (const statement of stored(await readJsonFile(disk, path))) add({ ...statement, lasting: true });
  } catch (error) {
    // Evidence, not data: the pipeline goes on without it.
    warn({ path }, `the log of queries cannot be read, and begins anew: ${messageOf(error)}`);
  }

  const collect = () => {
    const seen = new Set<number>();
    for (const entry of log.entries()) {
      if (entry.state === "running") continue;
      seen.add(entry.id);
      const sql = entry.sql.trim();
      if (taken.has(entry.id) || !isEvidence(entry) || sql.length > STATEMENT_CHARACTERS_MAX) continue;
      const lasting = isLasting(entry);
      add({ sql, count: 1, atMs: entry.startedAtMs, lasting });
      changed ||= lasting;
    }
    taken = seen;
    forgetOldest();
  };
  const save = () =>
    take("", async () => {
      collect();
      if (!changed) return;
      changed = false;
      const statements = [...known.values()].flatMap(({ sql, count, atMs, lasting }) =>
        lasting ? [{ sql, count, atMs }] : [],
      );
      try {
        await writeFileAtomically(disk, path, `${JSON.stringify({ statements })}\n`);
      } catch (error) {
        changed = true;
        throw error;
      }
    });
  const saveOrWarn = () =>
    save().catch((error: unknown) => warn({ path }, `the log of queries was not written: ${messageOf(error)}`));
  const timer = setInterval(() => void saveOrWarn(), SAVE_EVERY_MS);
  timer.unref();

  return {
    statements: () => {
      collect();
      return [...known.values()].map(({ sql, count, atMs }) => ({ sql, count, atMs }));
    },
    close: async () => {
      clearInterval(timer);
      await saveOrWarn();
    },
  };
}

function isEvidence({ state, applicationName, verb }: QueryEntry): boolean {
  return (
    state === "success" &&
    !OWN_APPLICATIONS.has(applicationName) &&
    /^(SELECT|WITH|DELETE|UPDATE|INSERT|CREATE|UNLOAD|MERGE)/.test(verb)
  );
}

/** An INSERT of values filters nothing; it is its query that does. */
function isLasting({ verb, sql }: QueryEntry): boolean {
  return /^(SELECT|WITH|DELETE|UPDATE|MERGE)/.test(verb) || (verb.startsWith("INSERT") && /\bselect\b/i.test(sql));
}

function stored(value: unknown): readonly LoggedStatement[] {
  const statements = (value as { readonly statements?: unknown } | undefined)?.statements;
  if (!Array.isArray(statements)) return [];
  return statements.filter(
    (one: Partial<LoggedStatement> | null): one is LoggedStatement =>
      typeof one?.sql === "string" && Number.isFinite(one.count) && Number.isFinite(one.atMs),
  );
}
