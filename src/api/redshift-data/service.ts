/** The Redshift Data API (2019-12-20). Statements and their results live as long as the process; on AWS, a day. */
import { randomUUID } from "node:crypto";
import type { Clock } from "../../core/clock.js";
import type { Disk } from "../../disk/disk.js";
import type { SqlDatabase } from "../../redshift/database.js";
import type { AwsService, Operation } from "../aws/service.js";
import { cancelStatement } from "./cancel-statement.js";
import type { DataApiContext } from "./context.js";
import { describeStatement } from "./describe-statement.js";
import { batchExecuteStatement, executeStatement } from "./execute.js";
import { getStatementResult, getStatementResultV2 } from "./get-result.js";
import { listSessions } from "./list-sessions.js";
import { listStatements } from "./list-statements.js";
import { describeTable, listDatabases, listSchemas, listTables } from "./metadata.js";
import { waiter } from "./request.js";
import { openStatements } from "./statements.js";
import { throttled } from "./throttle.js";

export interface RedshiftDataOptions {
  readonly database: SqlDatabase;
  readonly disk: Disk;
  readonly clock: Clock;
  /** For results that are larger than a page; its own, emptied at the start. */
  readonly directory: string;
  /** Refuse what is beyond the service's requests a second. Default false. */
  readonly throughputLimits?: boolean;
}

export interface RedshiftDataService extends AwsService {
  /** Stops every statement and closes every session. */
  close(): Promise<void>;
}

export async function redshiftDataService(options: RedshiftDataOptions): Promise<RedshiftDataService> {
  const { database, disk, clock, directory } = options;
  const statements = await openStatements({ database, disk, clock, directory, newId: randomUUID });
  const context: DataApiContext = { database, statements, clock, wait: waiter(clock) };
  const operations: [string, Operation][] = [
    ["BatchExecuteStatement", batchExecuteStatement(context)],
    ["CancelStatement", cancelStatement(context)],
    ["DescribeStatement", describeStatement(context)],
    ["DescribeTable", describeTable(context)],
    ["ExecuteStatement", executeStatement(context)],
    ["GetStatementResult", getStatementResult(context)],
    ["GetStatementResultV2", getStatementResultV2(context)],
    ["ListDatabases", listDatabases(context)],
    ["ListSchemas", listSchemas(context)],
    ["ListSessions", listSessions(context)],
    ["ListStatements", listStatements(context)],
    ["ListTables", listTables(context)],
  ];
  return {
    target: "RedshiftData",
    signingName: "redshift-data",
    operations: new Map(
      operations.map(([name, one]) => [name, options.throughputLimits ? throttled(name, one, clock) : one]),
    ),
    close: () => statements.close(),
  };
}
