import { type Call, operation } from "../aws/service.js";
import { string, structure } from "../aws/shape.js";
import type { DataApiContext } from "./context.js";
import { checkNamed } from "./named-parameters.js";
import { checkSqlLength, executeMembers, sqlText, sqlTexts, targetAnswer, targetOf } from "./request.js";
import type { Statement, Submission } from "./statement.js";

export const executeStatement = ({ statements, wait }: DataApiContext) =>
  operation(structure({ Sql: sqlText, ...executeMembers }), async (input, call) => {
    const asked = submissionOf(input, [checkSqlLength(input.Sql)], { batch: false, autoCommit: false }, call);
    const statement = statements.submit(asked, howOf(input));
    const atOnce = answer(statement);
    if (input.WaitTimeSeconds === undefined) return atOnce;
    await wait(statement, input.WaitTimeSeconds, call.signal);
    return waitedAnswer(statement);
  });

export const batchExecuteStatement = ({ statements, wait }: DataApiContext) =>
  operation(
    structure({ Sqls: sqlTexts, ...executeMembers, ExecutionMode: string({ oneOf: ["TRANSACTION", "AUTO_COMMIT"] }) }),
    async (input, call) => {
      const autoCommit = input.ExecutionMode === "AUTO_COMMIT";
      const asked = submissionOf(input, input.Sqls.map(checkSqlLength), { batch: true, autoCommit }, call);
      const statement = statements.submit(asked, howOf(input));
      const atOnce = answer(statement);
      if (input.WaitTimeSeconds === undefined) return atOnce;
      await wait(statement, input.WaitTimeSeconds, call.signal);
      return waitedAnswer(statement);
    },
  );

type ExecuteInput = {
  readonly [K in keyof typeof executeMembers]: (typeof executeMembers)[K] extends {
    readonly checks: readonly { holds(value: infer T): boolean }[];
  }
    ? T | undefined
    : never;
};

function submissionOf(
  input: ExecuteInput,
  sqls: readonly string[],
  mode: Pick<Submission, "batch" | "autoCommit">,
  { caller }: Pick<Call, "caller">,
): Omit<Submission, "target"> & { readonly target?: Submission["target"] } {
  const target = targetOf(input);
  checkNamed(sqls, input.Parameters ?? []);
  return {
    ...mode,
    sqls,
    parameters: input.Parameters ?? [],
    resultFormat: input.ResultFormat === "CSV" ? "CSV" : "JSON",
    ...(caller === undefined ? {} : { caller }),
    ...(input.StatementName === undefined ? {} : { name: input.StatementName }),
    ...(target === undefined ? {} : { target }),
  };
}

function howOf(input: ExecuteInput) {
  return {
    sessionId: input.SessionId,
    keepAliveSeconds: input.SessionKeepAliveSeconds,
    clientToken: input.ClientToken,
  };
}

function answer(statement: Statement): object {
  return {
    Id: statement.id,
    CreatedAt: new Date(statement.createdAtMs),
    ...targetAnswer(statement.submission.target),
    DbGroups: [],
    SessionId: statement.sessionId,
  };
}

/** Who waited is told how it stands. */
function waitedAnswer(statement: Statement): object {
  return {
    ...answer(statement),
    Status: statement.status,
    RedshiftPid: statement.processId ?? 0,
    HasResultSet: statement.parts.some(({ result }) => result !== undefined),
  };
}
