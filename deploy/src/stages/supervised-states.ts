/**
 * A state machine that carries out what its Lambda decides (src/lambda/supervised.ts): loads, sweeps and migrations alike, in Amazon States Language.
 *
 *     FindPassword -> Begin -> Decide -> Do? --- transaction, statement, ask --> Submit -> Poll <-> Follow -> Ended? -> (Rows) -> Decide
 *                                ^        |                                              (slower)     \-- deadline --> Cancel -> Decide
 *                                |        +--- wait --> Pause -> Decide
 *                                |        +--- done --> Done
 *                                +--------+--- failed -> Failed
 *
 * Nothing is decided here but when to look again, and when a statement is late.
 */
import type { Task } from "../../../src/lambda/supervised.js";
import type { Warehouse } from "./warehouse.js";

export interface SupervisedOptions {
  readonly functionArn: string;
  readonly warehouse: Pick<Warehouse, "target" | "database" | "password">;
  /** In Redshift's list of statements. */
  readonly statementName: string;
  readonly deadlineSeconds: number;
  /** The execution's error when it fails. */
  readonly error: string;
}

const POLL_SECONDS = 5;
/** Behind so many polls a statement is a long one, and is looked at less often: an execution's history has room for 25,000 events, and a poll is eleven. */
const QUICK_POLLS = 12;
const SLOW_POLL_SECONDS = 30;
/** For a statement that was cancelled to end. */
const CANCEL_SECONDS = 10;
/** The service's own: throttled, unavailable, or the warehouse asleep. */
const SERVICE_RETRY = [
  { ErrorEquals: ["States.ALL"], IntervalSeconds: 2, BackoffRate: 2, MaxAttempts: 6, JitterStrategy: "FULL" },
];
const LOST = [{ ErrorEquals: ["States.ALL"], ResultPath: "$.error", Next: "Lost" }];
const DATA_API = "arn:aws:states:::aws-sdk:redshiftdata";

/** Each kind of task to its state; the compiler finds the one that was forgotten. */
const STATE_OF: Readonly<Record<Task["do"], string>> = {
  transaction: "Transaction",
  statement: "Statement",
  ask: "Statement",
  wait: "Pause",
  done: "Done",
  failed: "Failed",
};

export function supervisedStates(options: SupervisedOptions): object {
  const { warehouse, statementName } = options;
  const where = { ...warehouse.target, Database: warehouse.database, "SecretArn.$": "$.password.secretArn" };
  const submit = (operation: string, what: object) => ({
    Type: "Task",
    Resource: `${DATA_API}:${operation}`,
    // Submitted again by a retry, the token makes it the same statement.
    Parameters: { ...where, ...what, StatementName: statementName, "ClientToken.$": "$.call.step.token" },
    ResultSelector: { "id.$": "$.Id" },
    ResultPath: "$.statement",
    Retry: SERVICE_RETRY,
    Catch: LOST,
    Next: "FirstPoll",
  });
  const describe = (next: string) => ({
    Type: "Task",
    Resource: `${DATA_API}:describeStatement`,
    Parameters: { "Id.$": "$.statement.id" },
    ResultPath: "$.described",
    Retry: SERVICE_RETRY,
    Catch: LOST,
    Next: next,
  });
  const rows = (id: string) => ({
    Type: "Task",
    Resource: `${DATA_API}:getStatementResult`,
    Parameters: { "Id.$": id },
    ResultSelector: { "records.$": "$.Records" },
    ResultPath: "$.result",
    Retry: SERVICE_RETRY,
    // How it ended is known: the Lambda finds out by other ways what it wrote.
    Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: null, Next: "Ended" }],
    Next: "EndedWithRows",
  });
  const quick = Math.min(QUICK_POLLS, Math.ceil(options.deadlineSeconds / POLL_SECONDS));
  const slow = Math.ceil((options.deadlineSeconds - quick * POLL_SECONDS) / SLOW_POLL_SECONDS);
  return {
    StartAt: "FindPassword",
    States: {
      FindPassword: findPassword(warehouse),
      Begin: {
        Type: "Pass",
        Parameters: {
          "password.$": "$.password",
          call: { step: { "work.$": "$$.Execution.Input" } },
          answer: { kind: "begin" },
        },
        Next: "Decide",
      },
      Decide: {
        ...decide(options, "$.answer"),
        Retry: SERVICE_RETRY,
        Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: "$.error", Next: "Broken" }],
        Next: "Do?",
      },
      "Do?": {
        Type: "Choice",
        Choices: Object.entries(STATE_OF).map(([task, Next]) => ({
          Variable: "$.call.step.do",
          StringEquals: task,
          Next,
        })),
      },
      Transaction: submit("batchExecuteStatement", { "Sqls.$": "$.call.step.sqls" }),
      Statement: submit("executeStatement", { "Sql.$": "$.call.step.sql" }),
      FirstPoll: { Type: "Pass", Result: { count: 0 }, ResultPath: "$.polls", Next: "Poll" },
      Poll: { Type: "Wait", Seconds: POLL_SECONDS, Next: "Follow" },
      Follow: describe("Ended?"),
      "Ended?": {
        Type: "Choice",
        Choices: [
          { Variable: "$.described.Status", StringEquals: "FINISHED", Next: "Rows?" },
          { Variable: "$.described.Status", StringEquals: "FAILED", Next: "Ended" },
          { Variable: "$.described.Status", StringEquals: "ABORTED", Next: "Ended" },
          {
            Variable: "$.polls.count",
            NumericGreaterThanEquals: quick + slow,
            Next: "Cancel",
          },
          { Variable: "$.polls.count", NumericGreaterThanEquals: quick, Next: "CountSlowPoll" },
        ],
        Default: "CountPoll",
      },
      CountPoll: countPoll("Poll"),
      CountSlowPoll: countPoll("SlowPoll"),
      SlowPoll: { Type: "Wait", Seconds: SLOW_POLL_SECONDS, Next: "Follow" },
      "Rows?": {
        Type: "Choice",
        Choices: [
          { Variable: "$.call.step.do", StringEquals: "ask", Next: "RowsOfQuestion" },
          { Variable: "$.call.step.do", StringEquals: "statement", Next: "Ended" },
          { Variable: "$.call.step.report", NumericGreaterThan: 0, Next: "RowsOfReport" },
        ],
        Default: "Ended",
      },
      RowsOfQuestion: rows("$.statement.id"),
      RowsOfReport: rows("States.Format('{}:{}', $.statement.id, $.call.step.report)"),
      Ended: answer({ kind: "ended", "described.$": "$.described" }),
      EndedWithRows: answer({ kind: "ended", "described.$": "$.described", "records.$": "$.result.records" }),
      Cancel: {
        Type: "Task",
        Resource: `${DATA_API}:cancelStatement`,
        Parameters: { "Id.$": "$.statement.id" },
        ResultPath: null,
        Retry: SERVICE_RETRY,
        // It may have ended in between, and then cannot be cancelled.
        Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: null, Next: "Cancelling" }],
        Next: "Cancelling",
      },
      Cancelling: { Type: "Wait", Seconds: CANCEL_SECONDS, Next: "FollowCancelled" },
      FollowCancelled: describe("Late"),
      Late: answer({ kind: "late", "described.$": "$.described" }),
      Lost: answer({ kind: "lost", "error.$": "$.error" }),
      Pause: { Type: "Wait", SecondsPath: "$.call.step.seconds", Next: "Waited" },
      Waited: answer({ kind: "waited" }),
      Done: { Type: "Succeed" },
      Failed: { Type: "Fail", Error: options.error, CausePath: "$.call.step.reason" },
      // Once more, so that it can let go of what it holds and tell whoever waits for it.
      Broken: {
        ...decide(options, { kind: "broken", "error.$": "$.error" }),
        Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: null, Next: "BrokenOff" }],
        Next: "BrokenOff",
      },
      BrokenOff: { Type: "Fail", Error: options.error, CausePath: "$.error.Cause" },
    },
  };
}

function countPoll(next: string): object {
  const Parameters = { "count.$": "States.MathAdd($.polls.count, 1)" };
  return { Type: "Pass", Parameters, ResultPath: "$.polls", Next: next };
}

function decide({ functionArn }: SupervisedOptions, said: string | object): object {
  return {
    Type: "Task",
    Resource: "arn:aws:states:::lambda:invoke",
    Parameters: {
      FunctionName: functionArn,
      Payload: {
        "work.$": "$.call.step.work",
        ...(typeof said === "string" ? { "answer.$": said } : { answer: said }),
        "execution.$": "$$.Execution.Id",
      },
    },
    ResultSelector: { "step.$": "$.Payload" },
    ResultPath: "$.call",
  };
}

/** Nothing else is carried on: a state's data has its limit. */
function answer(said: object): object {
  return {
    Type: "Pass",
    Parameters: { "password.$": "$.password", call: { step: { "work.$": "$.call.step.work" } }, answer: said },
    Next: "Decide",
  };
}

/** Where the password is, not the password: the Data API fetches it. */
function findPassword({ password }: Pick<Warehouse, "password">): object {
  const next = { ResultPath: "$.password", Next: "Begin" };
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
