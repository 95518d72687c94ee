/** Source: "Quotas and limits in Amazon Redshift", Data API; and the operations' own pages. */
import { KIB, MIB } from "../../core/limits.js";

/** Of one statement's text. */
export const SQL_BYTES_MAX = 100 * KIB;
export const BATCH_STATEMENTS_MAX = 40;
export const PARAMETERS_MAX = 200;
/** Of one statement's result, as it is answered. */
export const RESULT_BYTES_MAX = 500 * MIB;
/** Statements and their results are kept for a day. */
export const KEPT_MS = 24 * 60 * 60 * 1000;
export const CLIENT_TOKEN_MS = 8 * 60 * 60 * 1000;
export const WAIT_SECONDS_MAX = 30;
/** Statements that are not finished. */
export const ACTIVE_STATEMENTS_MAX = 500;
export const SESSIONS_MAX = 500;
export const SESSION_KEEP_ALIVE_SECONDS_MAX = 24 * 60 * 60;
/** Requests that wait with WaitTimeSeconds at one time; the service gives no figure for it. */
export const WAITING_REQUESTS_MAX = 500;

/** What goes into one answer of GetStatementResult. */
export const PAGE_BYTES = MIB;
/** Statements of the Data API that run at one time; the others wait as SUBMITTED. */
export const RUNNING_MAX = 8;

/** Requests a second for each operation, while throttling is switched on. */
export const REQUESTS_A_SECOND: Readonly<Record<string, number>> = {
  BatchExecuteStatement: 20,
  CancelStatement: 3,
  DescribeStatement: 100,
  DescribeTable: 3,
  ExecuteStatement: 30,
  GetStatementResult: 20,
  GetStatementResultV2: 20,
  ListDatabases: 3,
  ListSchemas: 3,
  ListSessions: 3,
  ListStatements: 3,
  ListTables: 3,
};
