/**
 * The slow part of control operations. On AWS a stream is CREATING, UPDATING or DELETING for a while; clients wait for it, so the same
 * happens here, only quicker. What is to be done at the end is durable with the status, and is taken up again at start-up.
 */
import type { Clock } from "../../core/clock.js";
import { messageOf } from "../../core/errors.js";
import type { PendingReshard, Stream, StreamStore } from "../../stream/stream.js";
import { carryOut } from "./reshard.js";

export interface LifecycleDelays {
  readonly creatingMs: number;
  readonly updatingMs: number;
  readonly deletingMs: number;
}

export const LIFECYCLE_DELAYS: LifecycleDelays = { creatingMs: 500, updatingMs: 500, deletingMs: 500 };

export interface Lifecycle {
  /** To be called once the stream is in the store with status CREATING. */
  created(stream: Stream): void;
  updating(stream: Stream, pending?: PendingReshard): Promise<void>;
  deleting(stream: Stream): Promise<void>;
  consumersChanged(stream: Stream): void;
  /** Resolves once no stream of that name is on its way out of the store: only then can another take the name. */
  nameFree(name: string): Promise<void>;
  /** A stream that never became active shows no shards. */
  showsShards(stream: Stream): boolean;
  /** Takes up what a previous process left under way. */
  resume(): void;
  close(): void;
}

export interface LifecycleOptions {
  readonly store: StreamStore;
  readonly clock: Clock;
  readonly delays: LifecycleDelays;
  readonly onError: (message: string, error: unknown) => void;
}

export function lifecycle(options: LifecycleOptions): Lifecycle {
  const { store, clock, delays, onError } = options;
  const stopped = new AbortController();
  const neverActive = new WeakSet<Stream>();
  const leaving = new Map<string, Promise<void>>();

  /** Runs the step after the delay, unless the stream was deleted meanwhile or the process stops. */
  const later = (stream: Stream, delayMs: number, what: string, step: () => Promise<void>) => {
    const run = async () => {
      try {
        await clock.sleep(delayMs, stopped.signal);
      } catch {
        return;
      }
      if (store.find(stream.name) !== stream) return;
      try {
        await step();
      } catch (error) {
        onError(`stream ${stream.name} could not end ${what}: ${messageOf(error)}`, error);
      }
    };
    void run();
  };

  const activate = (stream: Stream, delayMs: number) =>
    later(stream, delayMs, "CREATING", async () => {
      if (stream.attributes.status !== "CREATING") return;
      await stream.update({ status: "ACTIVE" });
      neverActive.delete(stream);
    });

  const finishUpdate = (stream: Stream, delayMs: number) =>
    later(stream, delayMs, "UPDATING", async () => {
      if (stream.attributes.status !== "UPDATING") return;
      const { pending } = stream.attributes;
      if (pending !== undefined) await carryOut(stream, pending);
      if (stream.attributes.status === "UPDATING") await stream.update({ status: "ACTIVE", pending: undefined });
    });

  const remove = (stream: Stream, delayMs: number) =>
    later(stream, delayMs, "DELETING", () => {
      const left = store.delete(stream.name).finally(() => leaving.delete(stream.name));
      leaving.set(stream.name, left);
      return left;
    });

  const settleConsumers = (stream: Stream, delayMs: number) =>
    later(stream, delayMs, "a consumer's change", () =>
      stream.update(({ consumers }) => ({
        consumers: consumers
          .filter((consumer) => consumer.status !== "DELETING")
          .map((consumer) => ({ ...consumer, status: "ACTIVE" as const })),
      })),
    );

  return {
    created: (stream) => {
      neverActive.add(stream);
      activate(stream, delays.creatingMs);
    },
    updating: async (stream, pending) => {
      await stream.update(pending === undefined ? { status: "UPDATING" } : { status: "UPDATING", pending });
      finishUpdate(stream, delays.updatingMs);
    },
    deleting: async (stream) => {
      await stream.update({ status: "DELETING" });
      remove(stream, delays.deletingMs);
    },
    consumersChanged: (stream) => settleConsumers(stream, delays.creatingMs),
    nameFree: (name) => leaving.get(name)?.catch(() => undefined) ?? Promise.resolve(),
    showsShards: (stream) => !neverActive.has(stream),
    resume: () => {
      for (const stream of store.streams()) {
        if (stream.kind !== "kinesis") continue;
        const { status, consumers } = stream.attributes;
        if (status === "CREATING") activate(stream, 0);
        if (status === "UPDATING") finishUpdate(stream, 0);
        if (status === "DELETING") remove(stream, 0);
        if (consumers.some((consumer) => consumer.status !== "ACTIVE")) settleConsumers(stream, 0);
      }
    },
    close: () => stopped.abort(),
  };
}
