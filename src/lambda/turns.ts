/**
 * One execution at a time a table, by an object of the lake that only the first can make (a conditional put). That is for order and economy: loads of a table
 * that ran side by side would wait for each other within the warehouse, each with a session and a transaction open. Exactly once does not rest on it, but on the
 * ledger's lock, so that a turn may be lost to another without harm. A queue in FIFO order could not do it: its messages are done with when an execution starts.
 */
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";

export interface Turns {
  /** Whether the holder has the table's turn now; again, it renews it. */
  take(table: string, holder: string): Promise<boolean>;
  release(table: string, holder: string): Promise<void>;
}

export interface TurnsOptions {
  readonly client: Pick<S3Client, "send">;
  readonly bucket: string;
  readonly prefix: string;
  readonly now: () => number;
  /** Whoever has not renewed it for so long has died. Longer than a load's deadline. */
  readonly leaseMs: number;
}

interface Held {
  readonly holder: string;
  readonly untilMs: number;
}

export function turns({ client, bucket: Bucket, prefix, now, leaseMs }: TurnsOptions): Turns {
  const keyOf = (table: string) => `${prefix}${table}.json`;

  async function put(table: string, holder: string, condition: { readonly IfNoneMatch?: "*" }): Promise<boolean> {
    const Body = JSON.stringify({ holder, untilMs: now() + leaseMs } satisfies Held);
    try {
      await client.send(new PutObjectCommand({ Bucket, Key: keyOf(table), Body, ...condition }));
      return true;
    } catch (error) {
      if (isTaken(error)) return false;
      throw error;
    }
  }

  async function held(table: string): Promise<Held | undefined> {
    try {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: keyOf(table) }));
      return JSON.parse((await Body?.transformToString()) ?? "{}") as Held;
    } catch (error) {
      if ((error as { name?: string }).name === "NoSuchKey") return undefined;
      throw error;
    }
  }

  return {
    take: async (table, holder) => {
      if (await put(table, holder, { IfNoneMatch: "*" })) return true;
      const other = await held(table);
      if (other !== undefined && other.holder !== holder && other.untilMs > now()) return false;
      return await put(table, holder, {});
    },
    release: async (table, holder) => {
      if ((await held(table))?.holder !== holder) return;
      await client.send(new DeleteObjectCommand({ Bucket, Key: keyOf(table) }));
    },
  };
}

/** Somebody has it, or is just making it. */
function isTaken(error: unknown): boolean {
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  return status === 412 || status === 409;
}
