import { type CostLine, type CostReport, monthlyCost } from "../../advisor/cost.js";
import { DEFAULT_ASSUMPTIONS, pipelineLoad, shardsNeeded } from "../../advisor/pipeline-load.js";
import { HOURS_PER_MONTH, PRICES_AS_OF, PRICES_REGION } from "../../advisor/prices.js";
import type { PipelineModel } from "../../definition/model.js";
import type { DeployOptions } from "../support/deploy-options.js";
import { count } from "../support/text.js";
import type { PlannedTemplate } from "./plan.js";

export interface Usage {
  /** Of each stream. */
  readonly recordsPerSecond: number;
  readonly bytesPerRecord: number;
  readonly keptDays: number;
  readonly queryHours: number;
}

export interface Estimate extends CostReport {
  readonly usage: Usage;
  /** Of the price list. */
  readonly region: string;
  readonly asOf: string;
  /** Where the definition and the rate do not fit each other. */
  readonly warnings: readonly string[];
}

/** RA3's smallest, as `deploy/src/stages/warehouse.ts` has it. */
const NODE_TYPE = "ra3.large";
const NODES = 2;

/** What the definition would cost a month, every stream fed at the same rate. */
export function estimate(
  model: PipelineModel,
  options: DeployOptions,
  usage: Usage,
  template: PlannedTemplate,
): Estimate {
  const { recordsPerSecond, bytesPerRecord, keptDays, queryHours } = usage;
  const rates = new Map(model.streams.map(({ name }) => [name, { recordsPerSecond, bytesPerRecord }]));
  const { warehouse } = options;
  const common = { queryHoursPerDay: queryHours, secondsPerLoad: DEFAULT_ASSUMPTIONS.warehouse.secondsPerLoad };
  const load = pipelineLoad(model, rates, {
    ...DEFAULT_ASSUMPTIONS,
    streamMode: options.streamMode,
    keptDays,
    warehouse:
      warehouse.kind === "serverless"
        ? { kind: "serverless", baseRpu: warehouse.baseRpu ?? 8, ...common }
        : {
            kind: "provisioned",
            nodeType: warehouse.nodeType ?? NODE_TYPE,
            nodes: warehouse.nodes ?? NODES,
            ...common,
          },
  });
  const needed = shardsNeeded({ recordsPerSecond, bytesPerRecord });
  const short = model.streams.filter(({ kind, shards }) => kind === "kinesis" && shards < needed);
  const cost = monthlyCost(load);
  const lines = cost.lines.map((line) => ({ ...line, ...counted(line, template) }));
  return {
    ...cost,
    lines,
    totalUsd: lines.reduce((sum, { usd }) => sum + usd, 0),
    usage,
    region: PRICES_REGION,
    asOf: PRICES_AS_OF,
    warnings:
      options.streamMode === "on-demand"
        ? []
        : short.map(
            ({ name, shards }) =>
              `${name} needs ${needed} shards at this rate and the definition has ${shards}: ${needed} are reckoned.`,
          ),
  };
}

/** What stands in the template is counted rather than guessed: endpoints, each in its zones, and alarms. */
function counted({ resource, price }: CostLine, { Resources }: PlannedTemplate): Partial<CostLine> {
  const all = Object.values(Resources).filter(({ Type }) => Type === resource);
  if (resource === "AWS::CloudWatch::Alarm") return { quantity: all.length, usd: all.length * price.usd };
  if (resource !== "AWS::EC2::VPCEndpoint") return {};
  const zones = all.map(({ Properties = {} }) =>
    Properties.VpcEndpointType === "Interface" && Array.isArray(Properties.SubnetIds) ? Properties.SubnetIds.length : 0,
  );
  const quantity = zones.reduce((sum, count) => sum + count, 0) * HOURS_PER_MONTH;
  const endpoints = zones.filter((count) => count > 0).length;
  return { item: `${endpoints} interface endpoints in their zones`, quantity, usd: quantity * price.usd };
}

export function estimateText(
  { lines, totalUsd, growthUsdPerMonth, assumptions, usage, region, asOf, warnings }: Estimate,
  textTable: typeof import("../support/table.js").textTable,
): string {
  const rows = lines.map(({ service, item, quantity, price, usd }) => [
    service,
    item,
    amount(quantity),
    price.per,
    `${priceText(price.usd)}${price.toCheck === true ? "*" : ""}`,
    money(usd),
  ]);
  const sources = [...new Set(lines.map(({ price }) => price.source))];
  return [
    `Estimated bill, a month: $${money(totalUsd)}`,
    `at ${count(usage.recordsPerSecond)} records/s of ${count(usage.bytesPerRecord)} bytes into each stream (--records-per-second, --bytes-per-record); list prices of ${region}, ${asOf}.`,
    `It grows by $${money(growthUsdPerMonth)} each month for as long as nothing is deleted.`,
    ...warnings,
    "",
    textTable(["SERVICE", "WHAT", "QUANTITY", "OF", "PRICE", "USD"], rows, [false, false, true, false, true, true]),
    "",
    "Assumed:",
    ...assumptions.map((text) => `  - ${text}`),
    "",
    `Prices, of ${region}, as of ${asOf}; several sources agreed on each${lines.some(({ price }) => price.toCheck === true) ? " but those marked *, which are to be checked on the service's page" : ""}:`,
    ...sources.map((source) => `  ${source}`),
  ].join("\n");
}

function money(usd: number): string {
  return usd >= 1000 ? count(Math.round(usd)) : usd.toFixed(2);
}

function amount(quantity: number): string {
  if (quantity >= 1e6) return `${(quantity / 1e6).toFixed(1)} M`;
  return quantity >= 100 ? count(Math.round(quantity)) : quantity.toFixed(quantity < 1 ? 3 : 1);
}

/** Prices of a single call are fractions of a cent's thousandth. */
function priceText(usd: number): string {
  return usd >= 0.001 ? `$${Number(usd.toPrecision(4))}` : `$${Number((usd * 1e6).toPrecision(4))}/M`;
}
