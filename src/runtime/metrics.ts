/** The pipeline's numbers for Prometheus. What the status knows is read when it is asked for; only requests are counted as they come. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { PipelineStatus } from "../api/control/contract.js";

export interface ObservedRequest {
  readonly service: string;
  readonly operation: string;
  readonly status: number;
  readonly latencyMs: number;
  readonly requestBytes: number;
}

export interface Metrics {
  observe(request: ObservedRequest): void;
  text(): Promise<string>;
}

/** Seconds; from what a commit takes to what a client gives up at. */
const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function createMetrics(status: () => PipelineStatus): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const latency = new Histogram({
    name: "penstock_request_duration_seconds",
    help: "Time to answer a request of the AWS door, durable writes included.",
    labelNames: ["service", "operation", "status"],
    buckets: LATENCY_BUCKETS,
    registers: [registry],
  });
  const received = new Counter({
    name: "penstock_request_bytes_total",
    help: "Bytes of request bodies.",
    labelNames: ["service", "operation"],
    registers: [registry],
  });

  const byStream = gauges(registry, "stream", {
    penstock_stream_records: "Records that were ever acknowledged.",
    penstock_stream_bytes: "Bytes of the journal on disk.",
    penstock_stream_open_shards: "Open shards.",
  });
  const byTable = gauges(registry, "table", {
    penstock_delivery_lag_records: "Records in the stream that no flush has taken yet.",
    penstock_delivery_buffer_bytes: "Bytes that wait for the next flush.",
    penstock_delivery_buffer_age_seconds: "How long the oldest of them has waited.",
    penstock_delivery_rows: "Rows written to the lake.",
    penstock_delivery_dead_letters: "Dead letters written.",
    penstock_delivery_filtered_rows: "Rows that where or transform turned away.",
    penstock_delivery_healthy: "1 while delivery is idle or working, 0 while it retries or has stopped.",
    penstock_loader_rows: "Rows loaded into the warehouse.",
    penstock_loader_deduped_rows: "Rows that dedupe kept out.",
    penstock_loader_pending_objects: "Objects that wait to be loaded.",
    penstock_loader_healthy: "1 while the loader is idle or working, 0 while it retries or has stopped.",
    penstock_freshness_seconds: "Arrival to committed row, of the newest load.",
  });

  return {
    observe: ({ service, operation, status: code, latencyMs, requestBytes }) => {
      latency.observe({ service, operation, status: String(code) }, latencyMs / 1000);
      received.inc({ service, operation }, requestBytes);
    },
    text: () => {
      const { streams, tables } = status();
      const works = (state: string) => (state === "idle" || state === "working" ? 1 : 0);
      for (const stream of streams) {
        byStream(stream.name, {
          penstock_stream_records: stream.records,
          penstock_stream_bytes: stream.sizeBytes,
          penstock_stream_open_shards: stream.openShards,
        });
      }
      for (const table of tables) {
        byTable(table.name, {
          penstock_delivery_lag_records: table.lagRecords,
          penstock_delivery_buffer_bytes: table.bufferBytes,
          penstock_delivery_buffer_age_seconds: table.bufferAgeMs / 1000,
          penstock_delivery_rows: table.rowsDelivered,
          penstock_delivery_dead_letters: table.deadLetters,
          penstock_delivery_filtered_rows: table.rowsFiltered,
          penstock_delivery_healthy: works(table.delivery.state),
          penstock_loader_rows: table.rowsLoaded,
          penstock_loader_deduped_rows: table.rowsDeduped,
          penstock_loader_pending_objects: table.loadsPending,
          penstock_loader_healthy: works(table.loader.state),
          ...(table.freshnessMs === undefined ? {} : { penstock_freshness_seconds: table.freshnessMs / 1000 }),
        });
      }
      return registry.metrics();
    },
  };
}

function gauges(registry: Registry, label: string, helps: Readonly<Record<string, string>>) {
  const made = new Map(
    Object.entries(helps).map(([name, help]) => [
      name,
      new Gauge({ name, help, labelNames: [label], registers: [registry] }),
    ]),
  );
  return (of: string, values: Readonly<Record<string, number>>) => {
    for (const [name, value] of Object.entries(values)) made.get(name)?.set({ [label]: of }, value);
  };
}
