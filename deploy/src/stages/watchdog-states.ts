/**
 * The watchdog of tables that Redshift's COPY JOB loads: a file that failed once is passed over by the job from then on.
 *
 *     each table:  Ask what was passed over -> each file: Load it, and write that down, in one transaction
 *
 * What cannot be loaded this time either fails the execution when all others are done, which raises an alarm, and is tried again the next time.
 */
import type { TableModel } from "../../../src/definition/model.js";
import {
  type ModePlace,
  type ModeResources,
  redriveFileSql,
  skippedFilesSql,
} from "../../../src/lambda/load-mode-ddl.js";
import type { Warehouse } from "./warehouse.js";

const POLL_SECONDS = 5;
const SERVICE_RETRY = [
  { ErrorEquals: ["States.ALL"], IntervalSeconds: 2, BackoffRate: 2, MaxAttempts: 6, JitterStrategy: "FULL" },
];
const [LOADED, FAILED] = ["loaded", "failed"];
/** Stands for a file's key until there is one. */
const FILE = "{}";

export interface WatchdogOptions {
  readonly tables: readonly TableModel[];
  readonly resources: ModeResources;
  readonly warehouse: Pick<Warehouse, "target" | "database" | "password">;
  readonly place?: ModePlace;
}

export function watchdogStates({ tables, resources, warehouse, place }: WatchdogOptions): object {
  const asked = tables.map((table) => {
    const [lock, turn, note, copy] = redriveFileSql(table, resources, FILE, place);
    return { skipped: skippedFilesSql(table, place), lock, turn, note, copy };
  });
  return {
    StartAt: "FindPassword",
    States: {
      FindPassword: findPassword(warehouse.password),
      Tables: { Type: "Pass", Result: asked, ResultPath: "$.tables", Next: "EachTable" },
      EachTable: {
        Type: "Map",
        ItemsPath: "$.tables",
        ItemSelector: { "table.$": "$$.Map.Item.Value", "secretArn.$": "$.password.secretArn" },
        MaxConcurrency: 1,
        ItemProcessor: { ProcessorConfig: { Mode: "INLINE" }, StartAt: "AskToken", States: tableStates(warehouse) },
        ResultPath: "$.outcomes",
        Next: "Outcome",
      },
      ...anyFailed("Outcome", "$.outcomes", { failed: "SomeFailed", none: "Done" }),
      SomeFailed: {
        Type: "Fail",
        Error: "FilesNotLoaded",
        Cause:
          "A file that the COPY JOB had passed over cannot be loaded either: sys_load_error_detail says why. It stays in the lake.",
      },
      Done: { Type: "Succeed" },
    },
  };
}

type Asked = Pick<Warehouse, "target" | "database">;

function tableStates(warehouse: Asked): object {
  const ask = {
    Type: "Task",
    Resource: "arn:aws:states:::aws-sdk:redshiftdata:executeStatement",
    Parameters: { ...named(warehouse), "Sql.$": "$.table.skipped", StatementName: "penstock-skipped" },
    ...intoStatement("Asked", "TableFailed"),
  };
  return {
    AskToken: token("Ask"),
    Ask: ask,
    ...follow("Asked", { finished: "Files", failed: "TableFailed" }),
    Files: {
      Type: "Task",
      Resource: "arn:aws:states:::aws-sdk:redshiftdata:getStatementResult",
      Parameters: { "Id.$": "$.statement.id" },
      ResultSelector: { "records.$": "$.Records" },
      ResultPath: "$.files",
      Retry: SERVICE_RETRY,
      Catch: caught("TableFailed"),
      Next: "EachFile",
    },
    EachFile: {
      Type: "Map",
      ItemsPath: "$.files.records",
      ItemSelector: {
        "file.$": "$$.Map.Item.Value[0].StringValue",
        "lock.$": "$.table.lock",
        "turn.$": "$.table.turn",
        "note.$": "$.table.note",
        "copy.$": "$.table.copy",
        "secretArn.$": "$.secretArn",
      },
      MaxConcurrency: 1,
      ItemProcessor: { ProcessorConfig: { Mode: "INLINE" }, StartAt: "LoadToken", States: fileStates(warehouse) },
      ResultPath: "$.loaded",
      Next: "Loaded",
    },
    ...anyFailed("Loaded", "$.loaded", { failed: "TableFailed", none: "TableDone" }),
    // A table that cannot be asked, or has a file that cannot be loaded, keeps no other table waiting.
    TableFailed: { Type: "Pass", Result: FAILED, End: true },
    TableDone: { Type: "Pass", Result: LOADED, End: true },
  };
}

function fileStates(warehouse: Asked): object {
  return {
    LoadToken: token("Load"),
    Load: {
      Type: "Task",
      Resource: "arn:aws:states:::aws-sdk:redshiftdata:batchExecuteStatement",
      Parameters: {
        ...named(warehouse),
        "Sqls.$": "States.Array($.lock, $.turn, States.Format($.note, $.file, $.file), States.Format($.copy, $.file))",
        StatementName: "penstock-redrive",
      },
      ...intoStatement("Loading", "FileFailed"),
    },
    ...follow("Loading", { finished: "FileLoaded", failed: "FileFailed" }),
    FileLoaded: { Type: "Pass", Result: LOADED, End: true },
    FileFailed: { Type: "Pass", Result: FAILED, End: true },
  };
}

function named({ target, database }: Asked): object {
  return { ...target, Database: database, "SecretArn.$": "$.secretArn", "ClientToken.$": "$.token.value" };
}

/** Made before the state that submits, so that a retry of that is the same statement and not a second one. */
function token(next: string): object {
  return { Type: "Pass", Parameters: { "value.$": "States.UUID()" }, ResultPath: "$.token", Next: next };
}

function intoStatement(next: string, failed: string): object {
  const into = { ResultSelector: { "id.$": "$.Id" }, ResultPath: "$.statement" };
  return { ...into, Retry: SERVICE_RETRY, Catch: caught(failed), Next: next };
}

function caught(next: string): object[] {
  return [{ ErrorEquals: ["States.ALL"], ResultPath: "$.error", Next: next }];
}

/** A path that looks for a field in every outcome is there even where it finds nothing, so each outcome is a word that a list has or has not. */
function anyFailed(name: string, outcomes: string, next: { readonly failed: string; readonly none: string }): object {
  return {
    [name]: {
      Type: "Pass",
      Parameters: { "failed.$": `States.ArrayContains(${outcomes}, '${FAILED}')` },
      ResultPath: "$.any",
      Next: `${name}?`,
    },
    [`${name}?`]: {
      Type: "Choice",
      Choices: [{ Variable: "$.any.failed", BooleanEquals: true, Next: next.failed }],
      Default: next.none,
    },
  };
}

/** From a statement that was submitted to its end. */
function follow(name: string, { finished, failed }: { readonly finished: string; readonly failed: string }): object {
  return {
    [name]: { Type: "Wait", Seconds: POLL_SECONDS, Next: `${name}How` },
    [`${name}How`]: {
      Type: "Task",
      Resource: "arn:aws:states:::aws-sdk:redshiftdata:describeStatement",
      Parameters: { "Id.$": "$.statement.id" },
      ResultSelector: { "status.$": "$.Status" },
      ResultPath: "$.outcome",
      Retry: SERVICE_RETRY,
      Catch: caught(failed),
      Next: `${name}End?`,
    },
    [`${name}End?`]: {
      Type: "Choice",
      Choices: [
        { Variable: "$.outcome.status", StringEquals: "FINISHED", Next: finished },
        { Variable: "$.outcome.status", StringEquals: "FAILED", Next: failed },
        { Variable: "$.outcome.status", StringEquals: "ABORTED", Next: failed },
      ],
      Default: name,
    },
  };
}

/** Where the password is, not the password: the Data API fetches it. */
function findPassword(password: Warehouse["password"]): object {
  const next = { ResultPath: "$.password", Next: "Tables" };
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
