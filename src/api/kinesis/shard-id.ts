/** Shard ids as callers write them: the service reads the number behind the first dash, and prints it in its own form. */

import { shardIdOf } from "../../core/sequence-number.js";
import { notFound } from "../aws/aws-error.js";

const SHARD_MAX = 2_147_483_647;

export interface ShardName {
  readonly number: number;
  /** `shardId-000000000007` */
  readonly id: string;
}

/** Throws what the service answers for an id without a usable number. */
export function readShardId(text: string, stream: string, accountId: string): ShardName {
  const digits = text.split("-")[1] || text;
  const number = /^\d+$/.test(digits) ? Number(digits) : Number.NaN;
  if (!(number <= SHARD_MAX)) {
    throw notFound(`Could not find shard ${text} in stream ${stream} under account ${accountId}.`);
  }
  return { number, id: shardIdOf(number) };
}
