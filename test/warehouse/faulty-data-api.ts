import type { RedshiftDataClient } from "@aws-sdk/client-redshift-data";

/**
 * What goes wrong with one request, between the driver and the real service.
 *
 * `lost-request`: it never arrives. `lost-answer`: it is carried out, and nobody hears of it. `throttled`: the service's own refusal. `hang`: no answer,
 * ever. `said-aborted`: the statement is followed to its end, and then said to have been aborted. `undone`: the batch is given a statement that fails
 * behind all others, and is said to have been aborted. `slow`: the batch is given a statement in front that takes longer than anybody waits.
 * `delayed`: behind its lock, one that takes a second or a few.
 * `forgotten`: the service knows nothing of the statement.
 */
export type DataApiFault =
  | "none"
  | "lost-request"
  | "lost-answer"
  | "throttled"
  | "hang"
  | "said-aborted"
  | "undone"
  | "slow"
  | "delayed"
  | "forgotten";

export type DataApiOperation =
  | "BatchExecuteStatement"
  | "ExecuteStatement"
  | "DescribeStatement"
  | "GetStatementResult"
  | "CancelStatement";

export interface FaultyDataApi extends Pick<RedshiftDataClient, "send"> {
  /** Every request, in order. */
  readonly sent: readonly DataApiOperation[];
}

/** A statement that none of these tests waits for; it can be cancelled. */
const SLOW_SQL =
  "SELECT COUNT(*) FROM generate_series(1, 60000) AS a(n), generate_series(1, 60000) AS b(n), generate_series(1, 1000) AS c(n) WHERE (a.n * b.n + c.n) % 7 = 3";

const DELAY_SQL =
  "SELECT COUNT(*) FROM generate_series(1, 60000) AS a(n), generate_series(1, 3000) AS b(n) WHERE (a.n * b.n) % 7 = 3";

/** A real client whose requests go wrong as `faultOf` says. */
export function faultyDataApi(
  real: Pick<RedshiftDataClient, "send">,
  faultOf: (operation: DataApiOperation, count: number) => DataApiFault,
): FaultyDataApi {
  const sent: DataApiOperation[] = [];
  const counts = new Map<string, number>();
  const aborted = new Set<string>();
  const send = async (
    command: { constructor: { name: string }; input: Record<string, unknown> },
    options?: { abortSignal?: AbortSignal },
  ): Promise<unknown> => {
    const operation = command.constructor.name.replace("Command", "") as DataApiOperation;
    const count = (counts.get(operation) ?? 0) + 1;
    counts.set(operation, count);
    sent.push(operation);
    const pass = (): Promise<Record<string, unknown>> => real.send(command as never, options as never) as never;
    switch (faultOf(operation, count)) {
      case "lost-request":
        throw failure("ECONNRESET");
      case "lost-answer":
        await pass();
        throw failure("ECONNRESET");
      case "throttled":
        throw failure("ThrottlingException", 400);
      case "forgotten":
        throw failure("ResourceNotFoundException", 400);
      case "hang":
        return await new Promise((_, reject) => {
          options?.abortSignal?.addEventListener("abort", () => reject(failure("AbortError")), { once: true });
        });
      case "slow":
        command.input.Sqls = [SLOW_SQL, ...(command.input.Sqls as string[])];
        return await pass();
      case "delayed": {
        const sqls = command.input.Sqls as string[];
        command.input.Sqls = [...sqls.slice(0, 2), DELAY_SQL, ...sqls.slice(2)];
        return await pass();
      }
      case "undone": {
        command.input.Sqls = [...(command.input.Sqls as string[]), "SELECT 1 / 0"];
        const answer = await pass();
        aborted.add(String(answer.Id));
        return answer;
      }
      case "said-aborted":
        return asAborted(await ended(pass));
      default: {
        const answer = await pass();
        return operation === "DescribeStatement" && aborted.has(String(command.input.Id)) && answer.Status === "FAILED"
          ? asAborted(answer)
          : answer;
      }
    }
  };
  return { sent, send: send as never };
}

async function ended(describe: () => Promise<Record<string, unknown>>): Promise<Record<string, unknown>> {
  for (;;) {
    const answer = await describe();
    if (["FINISHED", "FAILED", "ABORTED"].includes(String(answer.Status))) return answer;
  }
}

function asAborted(answer: Record<string, unknown>): Record<string, unknown> {
  const subs = (answer.SubStatements as Record<string, unknown>[] | undefined) ?? [];
  return {
    ...answer,
    Status: "ABORTED",
    Error: "Query aborted",
    SubStatements: subs.map((sub) => ({ ...sub, Status: "ABORTED" })),
  };
}

function failure(name: string, httpStatusCode?: number): Error {
  const error = new Error(`${name}, by the test`);
  error.name = name;
  return Object.assign(error, httpStatusCode === undefined ? {} : { $metadata: { httpStatusCode } });
}
