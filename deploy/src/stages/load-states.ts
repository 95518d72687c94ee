/**
 * The load's state machine in Amazon States Language.
 *
 *     for each transaction:  Submit -> Follow -> Finished? -> (next)
 *                              ^         ^  \-- running: Wait, until the deadline, then Cancel -> Backoff
 *                              |         |  \-- failed or aborted -> Tries left? -> Backoff
 *                              +---------+----------------------------------------------/
 *                                                    \-- none -> LoadFailed
 *
 * Submitting again after an unknown outcome is safe: the statements do nothing where the ledger's transaction has committed (src/warehouse/redshift).
 */
import type { Warehouse } from "./warehouse.js";

const TRIES_MAX = 5;
const POLL_SECONDS = 5;
/** Polls of one try: an hour. */
const POLLS_MAX = 720;
const BACKOFF_SECONDS = 30;
/** The service's own: throttled, unavailable, or the warehouse asleep. */
const SERVICE_RETRY = [
  { ErrorEquals: ["States.ALL"], IntervalSeconds: 2, BackoffRate: 2, MaxAttempts: 6, JitterStrategy: "FULL" },
];

export function loadStates(warehouse: Pick<Warehouse, "target" | "database" | "password">): object {
  return {
    StartAt: "FindPassword",
    States: {
      FindPassword: findPassword(warehouse),
      Transactions: {
        Type: "Map",
        ItemsPath: "$.transactions",
        ItemSelector: { "sqls.$": "$$.Map.Item.Value.sqls", "secretArn.$": "$.password.secretArn" },
        // In order: the second needs what the first makes.
        MaxConcurrency: 1,
        ItemProcessor: {
          ProcessorConfig: { Mode: "INLINE" },
          StartAt: "FirstTry",
          States: transactionStates(warehouse),
        },
        ResultPath: null,
        End: true,
      },
    },
  };
}

/** Where the password is, not the password: the Data API fetches it. */
function findPassword({ password }: Pick<Warehouse, "password">): object {
  const next = { ResultPath: "$.password", Next: "Transactions" };
  if ("secretArn" in password) return { Type: "Pass", Result: { secretArn: password.secretArn }, ...next };
  return {
    Type: "Task",
    Resource: "arn:aws:states:::aws-sdk:redshiftserverless:getNamespace",
    Parameters: { NamespaceName: password.namespaceName },
    ResultSelector: { "secretArn.$": "$.Namespace.AdminPasswordSecretArn" },
    Retry: SERVICE_RETRY,
    ...next,
  };
}

function transactionStates(warehouse: Pick<Warehouse, "target" | "database" | "password">): object {
  return {
    FirstTry: { Type: "Pass", Result: { count: 1 }, ResultPath: "$.tries", Next: "Submit" },
    Submit: {
      Type: "Task",
      Resource: "arn:aws:states:::aws-sdk:redshiftdata:batchExecuteStatement",
      Parameters: {
        ...warehouse.target,
        Database: warehouse.database,
        "SecretArn.$": "$.secretArn",
        "Sqls.$": "$.sqls",
        StatementName: "penstock-load",
      },
      ResultSelector: { "id.$": "$.Id" },
      ResultPath: "$.statement",
      Retry: SERVICE_RETRY,
      Next: "FirstPoll",
    },
    FirstPoll: { Type: "Pass", Result: { count: 0 }, ResultPath: "$.polls", Next: "Wait" },
    Wait: { Type: "Wait", Seconds: POLL_SECONDS, Next: "Follow" },
    Follow: {
      Type: "Task",
      Resource: "arn:aws:states:::aws-sdk:redshiftdata:describeStatement",
      Parameters: { "Id.$": "$.statement.id" },
      ResultSelector: { "status.$": "$.Status" },
      ResultPath: "$.outcome",
      Retry: SERVICE_RETRY,
      Next: "Finished?",
    },
    "Finished?": {
      Type: "Choice",
      Choices: [
        { Variable: "$.outcome.status", StringEquals: "FINISHED", Next: "Done" },
        { Variable: "$.outcome.status", StringEquals: "FAILED", Next: "TriesLeft?" },
        { Variable: "$.outcome.status", StringEquals: "ABORTED", Next: "TriesLeft?" },
        { Variable: "$.polls.count", NumericGreaterThanEquals: POLLS_MAX, Next: "Cancel" },
      ],
      Default: "CountPoll",
    },
    CountPoll: count("$.polls", "Wait"),
    Cancel: {
      Type: "Task",
      Resource: "arn:aws:states:::aws-sdk:redshiftdata:cancelStatement",
      Parameters: { "Id.$": "$.statement.id" },
      ResultPath: null,
      // It may have ended in between, and then cannot be cancelled.
      Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: null, Next: "TriesLeft?" }],
      Next: "TriesLeft?",
    },
    "TriesLeft?": {
      Type: "Choice",
      Choices: [{ Variable: "$.tries.count", NumericLessThan: TRIES_MAX, Next: "CountTry" }],
      Default: "LoadFailed",
    },
    CountTry: count("$.tries", "Backoff"),
    Backoff: { Type: "Wait", Seconds: BACKOFF_SECONDS, Next: "Submit" },
    Done: { Type: "Succeed" },
    LoadFailed: {
      Type: "Fail",
      Error: "LoadFailed",
      Cause:
        "The warehouse refused the load; sys_load_error_detail and the statement's own error say why. The objects stay in the lake.",
    },
  };
}

function count(at: string, next: string): object {
  return {
    Type: "Pass",
    Parameters: { "count.$": `States.MathAdd(${at}.count, 1)` },
    ResultPath: at,
    Next: next,
  };
}
