/** What the operations' inputs have in common: where a statement is to run, and how long a caller waits for it. */
import type { Clock } from "../../core/clock.js";
import { AwsError } from "../aws/aws-error.js";
import { boolean, integer, list, string, structure } from "../aws/shape.js";
import { invalid } from "./errors.js";
import {
  BATCH_STATEMENTS_MAX,
  PARAMETERS_MAX,
  SESSION_KEEP_ALIVE_SECONDS_MAX,
  SQL_BYTES_MAX,
  WAIT_SECONDS_MAX,
  WAITING_REQUESTS_MAX,
} from "./limits.js";
import { isEnded, type Statement, type Target } from "./statement.js";

const NAME_CHARS_MAX = 63;
const UUID = "[a-z0-9]{8}(-[a-z0-9]{4}){3}-[a-z0-9]{12}(:\\d+)?";

export const statementId = string({ required: true, pattern: UUID });
export const waitTimeSeconds = integer({ min: 0, max: WAIT_SECONDS_MAX });
export const maxResults = integer({ min: 0, max: 1000 });
export const nextToken = string({ max: 1024 });

export const targetMembers = {
  ClusterIdentifier: string({ max: NAME_CHARS_MAX }),
  WorkgroupName: string({ min: 3, max: 128, pattern: "(([a-z0-9-]+)|(arn:(aws(-[a-z]+)*):redshift-serverless:.*))" }),
  SecretArn: string(),
  DbUser: string(),
  Database: string(),
};

export const executeMembers = {
  ...targetMembers,
  ClientToken: string({ min: 1, max: 64 }),
  Parameters: list(
    structure({ name: string({ required: true, pattern: "[0-9a-zA-Z_]+" }), value: string({ required: true }) }),
    {
      min: 1,
      max: PARAMETERS_MAX,
    },
  ),
  ResultFormat: string({ oneOf: ["JSON", "CSV"] }),
  SessionId: string({ pattern: UUID }),
  SessionKeepAliveSeconds: integer({ min: 0, max: SESSION_KEEP_ALIVE_SECONDS_MAX }),
  StatementName: string({ min: 0, max: 500 }),
  WaitTimeSeconds: waitTimeSeconds,
  WithEvent: boolean(),
};

export const sqlText = string({ required: true });
export const sqlTexts = list(string(), { required: true, min: 1, max: BATCH_STATEMENTS_MAX });

export interface TargetInput {
  readonly ClusterIdentifier?: string | undefined;
  readonly WorkgroupName?: string | undefined;
  readonly SecretArn?: string | undefined;
  readonly DbUser?: string | undefined;
  readonly Database?: string | undefined;
  readonly SessionId?: string | undefined;
}

/** Undefined for a request that names its session instead. */
export function targetOf(input: TargetInput): Target | undefined {
  const {
    ClusterIdentifier: cluster,
    WorkgroupName: workgroup,
    SecretArn: secret,
    DbUser: user,
    Database: database,
  } = input;
  if (input.SessionId !== undefined) {
    if (
      cluster !== undefined ||
      workgroup !== undefined ||
      secret !== undefined ||
      user !== undefined ||
      database !== undefined
    ) {
      throw invalid(
        "A request with SessionId takes the session's own connection: leave out ClusterIdentifier, WorkgroupName, SecretArn, DbUser and Database.",
      );
    }
    return undefined;
  }
  if (cluster === undefined && workgroup === undefined) {
    throw invalid("Either ClusterIdentifier or WorkgroupName must be given.");
  }
  if (cluster !== undefined && workgroup !== undefined) {
    throw invalid("ClusterIdentifier and WorkgroupName cannot both be given.");
  }
  if (database === undefined) throw invalid("Database must be given.");
  if (secret !== undefined && user !== undefined) throw invalid("SecretArn and DbUser cannot both be given.");
  return {
    database,
    ...(cluster === undefined ? {} : { clusterIdentifier: cluster }),
    ...(workgroup === undefined ? {} : { workgroupName: workgroup }),
    ...(secret === undefined ? {} : { secretArn: secret }),
    ...(user === undefined ? {} : { dbUser: user }),
  };
}

/** As every answer repeats it. */
export function targetAnswer(target: Target): object {
  return {
    ClusterIdentifier: target.clusterIdentifier,
    WorkgroupName: target.workgroupName,
    SecretArn: target.secretArn,
    DbUser: target.dbUser,
    Database: target.database,
  };
}

export function checkSqlLength(sql: string): string {
  if (sql.trim() === "") throw invalid("The SQL statement is empty.");
  const bytes = Buffer.byteLength(sql);
  if (bytes > SQL_BYTES_MAX) {
    throw invalid(`The SQL statement has ${bytes} bytes; at most ${SQL_BYTES_MAX} (100 KB) are taken.`);
  }
  return sql;
}

export type Waiter = (statement: Statement, seconds: number | undefined, signal: AbortSignal) => Promise<void>;

/** Until the statement has ended, the seconds are over or the caller is gone. */
export function waiter(clock: Clock): Waiter {
  let waiting = 0;
  return async (statement, seconds, signal) => {
    if (seconds === undefined || seconds === 0 || isEnded(statement)) return;
    if (waiting >= WAITING_REQUESTS_MAX) {
      const text = `${WAITING_REQUESTS_MAX} requests wait for a statement, which is the most there may be.`;
      throw new AwsError("ActiveWaitingRequestsExceededException", text, 400, "Message");
    }
    waiting++;
    const over = new AbortController();
    const onGone = () => over.abort();
    signal.addEventListener("abort", onGone, { once: true });
    try {
      await Promise.race([statement.ended, clock.sleep(seconds * 1000, over.signal).catch(() => undefined)]);
    } finally {
      waiting--;
      over.abort();
      signal.removeEventListener("abort", onGone);
    }
  };
}
