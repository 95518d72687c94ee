/** What the statements of a session work with: the inside of a SqlSession. */
import type { RelationInfo } from "../binder/bound.js";
import type { SessionCatalog } from "../catalog/session-catalog.js";
import type { SqlColumn, SqlNotice, SqlValue } from "../database.js";
import type { ParsedStatement } from "../syntax/parse.js";
import type { SqlType } from "../types.js";
import type { EngineConnection } from "./connection.js";
import type { RowStream } from "./row-stream.js";
import type { Settings } from "./settings.js";
import type { Shared } from "./shared.js";
import type { StatementLimit } from "./statement-limit.js";
import type { SessionTransaction } from "./transaction.js";

export interface SessionCore {
  readonly shared: Shared;
  readonly processId: number;
  readonly user: string;
  readonly connection: EngineConnection;
  readonly settings: Settings;
  readonly transaction: SessionTransaction;
  readonly catalog: SessionCatalog;
  /** Of `catalog`, as the user names it: `pg_temp_12`. */
  readonly temporarySchema: string;
  readonly cursors: Map<string, OpenCursor>;
  readonly named: Map<string, NamedStatement>;
  notice(notice: SqlNotice): void;
  /** Ends the session's transaction as it is and begins no other: TRUNCATE. Cursors are closed. */
  commit(limit?: StatementLimit): Promise<void>;
  rollback(): Promise<void>;
}

export interface OpenCursor {
  readonly columns: readonly SqlColumn[];
  readonly stream: RowStream;
  readonly reads: readonly RelationInfo[];
  /** Rows of a chunk that were fetched and not asked for yet. */
  rest: (readonly SqlValue[])[];
  readonly limit: StatementLimit;
}

/** PREPARE name AS. */
export interface NamedStatement {
  readonly parsed: ParsedStatement;
  readonly types: readonly SqlType[];
}
