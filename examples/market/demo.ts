import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Row } from "penstock";
import { type Producer, producer } from "penstock/client";
import { dailyPrices, quotes } from "./penstock.ts";

/**
 * The producer that `penstock up examples/market --demo` starts, until `signal` fires:
 *
 * - quotes of SPY, **simulated**: a random walk, a few hundred a second;
 * - the S&P 500's real daily prices from 2000 to 2020, once (`data/`);
 * - now and then a record that is wrong on purpose, so that a dead letter can be seen.
 */
export async function demo({ endpoint, signal, log, recordsPerSecond = 300 }: DemoOptions): Promise<void> {
  await using quoted = producer(quotes, {
    endpoint,
    // There is one symbol: as the key, as it would be by itself, it would fill one shard and leave the other empty.
    partitionKey: ({ quoted_at }) => new Date(quoted_at).toISOString(),
  });
  await using priced = producer(dailyPrices, { endpoint });
  const report = (error: unknown) => log?.warn({ err: error }, "the demo's record was not taken");
  await Promise.all([
    putQuotes(quoted, { signal, recordsPerSecond, report }),
    putDailyPrices(priced, { signal, report }),
    putBadRecords(quoted, { signal, report }),
  ]);
}

export interface DemoOptions {
  /** Of the pipeline's Kinesis, such as "http://127.0.0.1:4566". */
  readonly endpoint: string;
  readonly signal: AbortSignal;
  readonly log?: { warn(details: object, message: string): void };
  /** Quotes; 300 unless given. */
  readonly recordsPerSecond?: number;
}

interface Task {
  readonly signal: AbortSignal;
  readonly report: (error: unknown) => void;
}

const TICK_MS = 50;

async function putQuotes(
  to: Producer<Row<typeof quotes>>,
  task: Task & { readonly recordsPerSecond: number },
): Promise<void> {
  const next = quoteWalk(Math.random);
  const startedMs = performance.now();
  let sent = 0;
  while (await pause(TICK_MS, task.signal)) {
    const elapsedMs = performance.now() - startedMs;
    const wanted = Math.floor((elapsedMs * task.recordsPerSecond) / 1000);
    // After a machine has slept, a second's worth is made up for, not the whole night.
    sent = Math.max(sent, wanted - task.recordsPerSecond);
    const count = wanted - sent;
    for (let index = 1; index <= count; index++) {
      await to.ready();
      const atMs = Date.now() - TICK_MS + (TICK_MS * index) / count;
      to.put(next(new Date(atMs), 1 / task.recordsPerSecond)).catch(task.report);
    }
    sent = wanted;
  }
}

/** How far a price goes in a second, as a part of itself: some 60 % a year, so that something is to be seen in a minute. */
const VOLATILITY_PER_SECOND = 0.6 / Math.sqrt(252 * 6.5 * 3600);
const PRICE = 600;
/** A pull back, so small that it shows only over hours: a demo that runs for a week should not end at 3 dollars. */
const PULL_PER_SECOND = 1e-5;

/** Simulated quotes, each `seconds` after the one before. Their spread is a cent or a few, their sizes are round lots. */
export function quoteWalk(random: () => number): (at: Date, seconds: number) => Row<typeof quotes> {
  let mid = PRICE * (1 + (random() - 0.5) / 100);
  return (at, seconds) => {
    // The sum of six even numbers is near enough to a bell curve; its deviation is the root of one half.
    const bell = (random() + random() + random() + random() + random() + random() - 3) / Math.SQRT1_2;
    mid *= 1 + bell * VOLATILITY_PER_SECOND * Math.sqrt(seconds) - PULL_PER_SECOND * seconds * (mid / PRICE - 1);
    const spreadCents = random() < 0.8 ? 1 : 2 + Math.floor(random() * 3);
    const bidCents = Math.floor(mid * 100 - spreadCents / 2);
    return {
      symbol: "SPY",
      bid: dollars(bidCents),
      ask: dollars(bidCents + spreadCents),
      bid_size: lots(random()),
      ask_size: lots(random()),
      quoted_at: at,
    };
  };
}

function dollars(cents: number): string {
  return (cents / 100).toFixed(2);
}

/** Hundreds of shares; small ones are many, large ones few. */
function lots(chance: number): number {
  return 100 * Math.ceil(1 / (0.02 + chance * 0.98));
}

/** The file again at each start: a day that is there already is deduplicated, and counted as such. */
async function putDailyPrices(to: Producer<Row<typeof dailyPrices>>, { signal, report }: Task): Promise<void> {
  const text = await readFile(new URL("data/sp500-2000.csv", import.meta.url), "utf8");
  for (const line of text.split(/\r?\n/).slice(1)) {
    if (signal.aborted) return;
    const [trade_date, open_price, high_price, low_price, close_price, adjusted_close, volume] = line.split(",");
    if (!trade_date) continue;
    await to.ready();
    to.put({
      trade_date,
      open_price,
      high_price,
      low_price,
      close_price,
      adjusted_close,
      volume: volume === undefined ? null : BigInt(volume),
    }).catch(report);
  }
}

const BAD_RECORD_MS = 15_000;

/** Wrong on purpose, each in its own way; `put` would refuse them, so they go as bytes. */
const BAD_RECORDS: readonly string[] = [
  '{"symbol":"SPY","bid":"not a price","ask":"600.01","quoted_at":"2026-11-22T14:30:00Z"}',
  '{"symbol":"SPY","bid":600.00,"ask":600.01}',
  '{"symbol":"A-SYMBOL-THAT-IS-TOO-LONG","bid":600.00,"ask":600.01,"quoted_at":"2026-11-22T14:30:00Z"}',
  '{"symbol":"SPY","bid":600.00,"ask":600.01,"quoted_at":"yesterday"}',
  '{"symbol":"SPY","bid":600.00,"ask":',
];

async function putBadRecords(to: Producer<Row<typeof quotes>>, { signal, report }: Task): Promise<void> {
  for (let index = 0; await pause(index === 0 ? 2000 : BAD_RECORD_MS, signal); index++) {
    to.putBytes(Buffer.from(BAD_RECORDS[index % BAD_RECORDS.length]!)).catch(report);
  }
}

/** False when the signal fired meanwhile. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  await sleep(ms, undefined, { signal }).catch(() => {});
  return !signal.aborted;
}
