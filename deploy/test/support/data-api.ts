/** The tasks of a state machine that are the Data API's, carried out by the SDK. */
import {
  BatchExecuteStatementCommand,
  CancelStatementCommand,
  DescribeStatementCommand,
  ExecuteStatementCommand,
  GetStatementResultCommand,
  type RedshiftDataClient,
} from "@aws-sdk/client-redshift-data";
import { AslError } from "./asl.js";

const COMMANDS = {
  batchExecuteStatement: BatchExecuteStatementCommand,
  executeStatement: ExecuteStatementCommand,
  describeStatement: DescribeStatementCommand,
  getStatementResult: GetStatementResultCommand,
  cancelStatement: CancelStatementCommand,
} as const;

/** What a resource names. */
export function operationOf(resource: string): readonly [service: string, operation: string] {
  const [service = "", operation = ""] = resource.replace(/^arn:aws:states:::(aws-sdk:)?/, "").split(":");
  return [service, operation];
}

export async function dataApiTask(
  client: Pick<RedshiftDataClient, "send">,
  resource: string,
  parameters: Record<string, unknown>,
): Promise<unknown> {
  const [service, operation] = operationOf(resource);
  // There are no namespaces here; the Data API takes any secret.
  if (service === "redshiftserverless") {
    const secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:redshift!local-AbCdEf";
    return { Namespace: { AdminPasswordSecretArn: secret } };
  }
  const Command = COMMANDS[operation as keyof typeof COMMANDS];
  if (service !== "redshiftdata" || Command === undefined) throw new Error(`Nothing carries out ${resource} here.`);
  try {
    return pascal(await client.send(new (Command as unknown as new (input: never) => never)(parameters as never)));
  } catch (error) {
    throw new AslError(`RedshiftData.${(error as Error).name}`, (error as Error).message);
  }
}

/** As Step Functions spells a service's answer. */
function pascal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pascal);
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== "$metadata")
      .map(([name, inner]) => [`${name.charAt(0).toUpperCase()}${name.slice(1)}`, pascal(inner)]),
  );
}
