/**
 * The watchdog of tables that Redshift's COPY JOB loads: a file that failed once is passed over by the job from then on.
 *
 *     each table:  Ask what was passed over -> each file: Load it, and write that down, in one transaction
 *
 * What cannot be loaded this time either fails the execution when all others are done, which raises an alarm, and is tried again the next time.
 */
import type { TableModel } from "../../../src/definition/model.js";
import { type ModeResources, redriveFileSql, skippedFilesSql } from "../../../src/lambda/load-mode-ddl.js";
import type { Warehouse } from "./warehouse.js";

const POLL_SECONDS = 5;
const SERVICE_RETRY = [
  { ErrorEquals: ["States.ALL"], IntervalSeconds: 2, BackoffRate: 2, MaxAttempts: 6, JitterStrategy: "FULL" },
];
/** Stands for a file's key until there is one. */
const FILE = "{}";

export interface WatchdogOptions {
  readonly tables: readonly TableModel[];
  readonly resources: ModeResources;
  readonly warehouse: Pick<Warehouse, "target" | "database" | "password">;
}

export function watchdogStates({ tables, resources, warehouse }: WatchdogOptions): object {
  const asked = tables.map((table) => {
    const [note, copy] = redriveFileSql(table, resources, FILE);
    return { skipped: skippedFilesSql(table), note, copy };
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
        ItemProcessor: { ProcessorConfig: { Mode: "INLINE" }, StartAt: "Ask", States: tableStates(warehouse) },
        ResultPath: "$.outcomes",
        Next: "AllLoaded?",
      },
      "AllLoaded?": {
        Type: "Choice",
        Choices: [{ Variable: "$.outcomes[*].failed", IsPresent: true, Next: "SomeFailed" }],
        Default: "Done",
      },
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
    ...intoStatement("Asked"),
  };
  return {
    Ask: ask,
    ...follow("Asked", { finished: "Files", failed: "AskFailed" }),
    AskFailed: { Type: "Fail", Error: "NotAsked", Cause: "The warehouse did not say which files were passed over." },
    Files: {
      Type: "Task",
      Resource: "arn:aws:states:::aws-sdk:redshiftdata:getStatementResult",
      Parameters: { "Id.$": "$.statement.id" },
      ResultSelector: { "records.$": "$.Records" },
      ResultPath: "$.files",
      Retry: SERVICE_RETRY,
      Next: "EachFile",
    },
    EachFile: {
      Type: "Map",
      ItemsPath: "$.files.records",
      ItemSelector: {
        "file.$": "$$.Map.Item.Value[0].StringValue",
        "note.$": "$.table.note",
        "copy.$": "$.table.copy",
        "secretArn.$": "$.secretArn",
      },
      MaxConcurrency: 1,
      ItemProcessor: { ProcessorConfig: { Mode: "INLINE" }, StartAt: "Load", States: fileStates(warehouse) },
      ResultPath: "$.loaded",
      Next: "Failed?",
    },
    "Failed?": {
      Type: "Choice",
      Choices: [{ Variable: "$.loaded[*].failed", IsPresent: true, Next: "TableFailed" }],
      Default: "TableDone",
    },
    TableFailed: { Type: "Pass", Result: { failed: true }, End: true },
    TableDone: { Type: "Pass", Result: {}, End: true },
  };
}

function fileStates(warehouse: Asked): object {
  return {
    Load: {
      Type: "Task",
      Resource: "arn:aws:states:::aws-sdk:redshiftdata:batchExecuteStatement",
      Parameters: {
        ...named(warehouse),
        "Sqls.$": "States.Array(States.Format($.note, $.file), States.Format($.copy, $.file))",
        StatementName: "penstock-redrive",
      },
      ...intoStatement("Loading"),
    },
    ...follow("Loading", { finished: "FileLoaded", failed: "FileFailed" }),
    FileLoaded: { Type: "Pass", Result: {}, End: true },
    FileFailed: { Type: "Pass", Result: { failed: true }, End: true },
  };
}

function named({ target, database }: Asked): object {
  return { ...target, Database: database, "SecretArn.$": "$.secretArn" };
}

function intoStatement(next: string): object {
  return { ResultSelector: { "id.$": "$.Id" }, ResultPath: "$.statement", Retry: SERVICE_RETRY, Next: next };
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
