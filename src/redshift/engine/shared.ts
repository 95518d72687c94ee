/** What all sessions of a database share. */
import type { Clock } from "../../core/clock.js";
import type { ExternalRelation, SystemView } from "../catalog/session-catalog.js";
import type { CatalogChange, Snapshot } from "../catalog/snapshot.js";
import type { StoredRelation } from "../catalog/stored.js";
import type { AlterTableAction } from "../syntax/ast.js";
import type { EngineConnection } from "./connection.js";
import type { QueryLog } from "./query-log.js";
import type { StatementHandlers, StatementRun } from "./statement-run.js";

export interface Shared {
  readonly name: string;
  readonly owner: string;
  readonly clock: Clock;
  readonly limits: SqlLimits;
  readonly log: QueryLog;
  readonly handlers: StatementHandlers;
  readonly systemView: SystemView;
  readonly external: ExternalRelation | undefined;
  readonly alterExternal: AlterExternal | undefined;
  /** Tables of the pipeline's definition: users change their rows, never their shape. */
  isPipelineTable(name: string): boolean;
  connect(): Promise<EngineConnection>;
  /** As committed. */
  snapshot(): Snapshot;
  /** After the commit of DDL. */
  publish(changes: readonly CatalogChange[]): void;
  cancel(processId: number): boolean;
  terminate(processId: number): boolean;
}

/** ALTER TABLE of an external table: partitions, properties, columns. */
export type AlterExternal = (relation: StoredRelation, action: AlterTableAction, run: StatementRun) => Promise<void>;

export interface SqlLimits {
  readonly sessionsMax: number;
  /** For a statement whose session sets no `statement_timeout`. */
  readonly statementMsMax: number;
}
