/** What the Lambdas beside this file share: the clients, and JSON in the lake. */
import { randomBytes } from "node:crypto";
import type { Logger } from "@aws-lambda-powertools/logger";
import { GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { ExecutionAlreadyExists, type SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";

/** Never the same twice; for load ids and tokens. */
export function newId(): string {
  return randomBytes(16).toString("hex");
}

export interface JsonObjects {
  read<T>(key: string): Promise<T | undefined>;
  write(key: string, value: unknown): Promise<void>;
}

export function jsonObjects(client: S3Client, Bucket: string): JsonObjects {
  return {
    read: async <T>(Key: string) => {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
        return JSON.parse((await Body?.transformToString()) ?? "null") as T;
      } catch (error) {
        if ((error as { name?: string }).name === "NoSuchKey") return undefined;
        throw error;
      }
    },
    write: async (Key, value) => {
      await client.send(
        new PutObjectCommand({ Bucket, Key, Body: JSON.stringify(value), ContentType: "application/json" }),
      );
    },
  };
}

/** Whether it started now: by its name, it may have run before. */
export async function startOnce(
  client: SFNClient,
  logger: Logger,
  { stateMachineArn, name, input }: { readonly stateMachineArn: string; readonly name: string; readonly input: object },
): Promise<boolean> {
  try {
    await client.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }));
    logger.info("execution started", { execution: name });
    return true;
  } catch (error) {
    if (!(error instanceof ExecutionAlreadyExists)) throw error;
    logger.info("this execution has run already", { execution: name });
    return false;
  }
}
