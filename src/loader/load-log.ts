import type { LoadAttempt } from "../api/control/contract.js";
import type { Clock } from "../core/clock.js";
import { messageOf } from "../core/errors.js";
import type { LoadReport, LoadStatement } from "../warehouse/warehouse.js";

/** The newest loads of a table with the statements that each ran: of this process, in memory, and bounded. */
export interface LoadLog {
  begin(keys: readonly string[]): OpenAttempt;
  /** Every attempt that had this object, oldest first. */
  of(key: string): readonly LoadAttempt[];
}

export interface OpenAttempt {
  statement(statement: LoadStatement): void;
  loaded(report: LoadReport): void;
  failed(error: unknown): void;
}

export interface LoadLogLimits {
  readonly attemptsMax: number;
  /** Characters of all statements that are kept. */
  readonly charactersMax: number;
  /** Of one statement; what is beyond it is left out. */
  readonly statementCharactersMax: number;
}

/** A few minutes of a busy table; a statement that names 64 objects is some 15,000 characters long. */
const LIMITS: LoadLogLimits = { attemptsMax: 200, charactersMax: 1_000_000, statementCharactersMax: 20_000 };

interface Kept {
  readonly keys: ReadonlySet<string>;
  readonly statements: LoadStatement[];
  characters: number;
  attempt: Omit<LoadAttempt, "objects" | "statements">;
}

export function openLoadLog(clock: Clock, limits: LoadLogLimits = LIMITS): LoadLog {
  const kept: Kept[] = [];
  let characters = 0;

  const forget = () => {
    while (kept.length > limits.attemptsMax || (characters > limits.charactersMax && kept.length > 1)) {
      characters -= kept.shift()?.characters ?? 0;
    }
  };
  const note = (one: Kept, statement: LoadStatement) => {
    const short = shortened(statement, Math.min(limits.statementCharactersMax, limits.charactersMax - one.characters));
    if (short === undefined) return;
    const length = charactersOf(short);
    one.statements.push(short);
    one.characters += length;
    // One that was forgotten meanwhile is counted no more.
    if (!kept.includes(one)) return;
    characters += length;
    forget();
  };

  return {
    begin: (keys) => {
      const one: Kept = {
        keys: new Set(keys),
        statements: [],
        characters: 0,
        attempt: { startedAtMs: clock.now(), outcome: "running" },
      };
      const beganMs = clock.monotonic();
      kept.push(one);
      forget();
      return {
        statement: (statement) => note(one, statement),
        loaded: ({ oldestArrivalMs }) => {
          one.attempt = {
            ...one.attempt,
            outcome: "loaded",
            tookMs: clock.monotonic() - beganMs,
            ...(oldestArrivalMs === undefined ? {} : { oldestArrivalMs }),
          };
        },
        failed: (error) => {
          one.attempt = {
            ...one.attempt,
            outcome: "failed",
            tookMs: clock.monotonic() - beganMs,
            reason: messageOf(error),
          };
        },
      };
    },
    of: (key) =>
      kept
        .filter(({ keys }) => keys.has(key))
        .map(({ attempt, keys, statements }) => ({ ...attempt, objects: keys.size, statements })),
  };
}

function charactersOf({ sql, values = [], failure = "" }: LoadStatement): number {
  return values.reduce((sum, value) => sum + value.length, sql.length + failure.length);
}

/** Undefined where there is no room for any of it. */
function shortened(statement: LoadStatement, room: number): LoadStatement | undefined {
  if (charactersOf(statement) <= room) return statement;
  if (room < MARK.length * 4) return undefined;
  const { sql, values, failure, ...rest } = statement;
  const each = Math.floor(room / (2 + (values?.length ?? 0)));
  return {
    ...rest,
    sql: cut(sql, each),
    ...(values === undefined ? {} : { values: values.map((value) => cut(value, each)) }),
    ...(failure === undefined ? {} : { failure: cut(failure, each) }),
  };
}

const MARK = " … (cut)";

/** By way of bytes: a slice of a text would keep the whole of it in memory. */
function cut(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text;
  return `${Buffer.from(text.slice(0, Math.max(0, charactersMax - MARK.length))).toString()}${MARK}`;
}
