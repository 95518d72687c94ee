/** What COPY and UNLOAD work with, apart from the statement's own connection. */
import type { Clock } from "../../core/clock.js";
import type { Buckets } from "../../lake/buckets.js";
import type { BindContext } from "../binder/bound.js";
import type { SqlNotice } from "../database.js";
import type { EngineConnection } from "../engine/connection.js";
import type { StatementLimit } from "../engine/statement-limit.js";
import type { StatementRun } from "../engine/statement-run.js";
import type { LoadLog } from "./load-log.js";

export interface LoadServices {
  readonly buckets: Buckets;
  readonly clock: Clock;
  readonly log: LoadLog;
  /** Where the engine may write what UNLOAD puts into a bucket; made when absent. */
  readonly stagingDirectory: string;
  /** Only the reference reads text, not the engine's own reader where that is proved to do the same. Default false: it is for comparing the two. */
  readonly referenceOnly?: boolean;
}

/** One statement: its transaction is open on `connection`. */
export interface LoadRun {
  readonly connection: EngineConnection;
  readonly limit: StatementLimit;
  readonly context: BindContext;
  readonly queryId: number;
  readonly sql: string;
  readonly transactionId: number;
  readonly processId: number;
  /** See StatementRun. */
  readonly atEnd: StatementRun["atEnd"];
  /** See SessionTransaction. */
  noteWrites(oids: Iterable<number>): void;
  notice(notice: SqlNotice): void;
}
