import { resolve } from "node:path";
import { Option } from "commander";
import { type Forecast, forecast, PARTITIONS_MAX } from "../advisor/forecast.js";
import { DEFAULT_ASSUMPTIONS, type LoadAssumptions, pipelineLoad, type Rate } from "../advisor/pipeline-load.js";
import { PRICES_AS_OF, PRICES_REGION } from "../advisor/prices.js";
import type { PipelineStatus } from "../api/control/contract.js";
import { PenstockError } from "../core/errors.js";
import type { PipelineModel } from "../definition/model.js";
import { type AddCommand, examples, instanceOptions, jsonOption } from "./support/command.js";
import type { InstanceOptions } from "./support/control-client.js";
import { wholeNumber } from "./support/parse.js";
import { print, printJson, type Terminal } from "./support/terminal.js";
import { bytes, count, rate } from "./support/text.js";

interface ForecastOptions extends InstanceOptions {
  readonly json?: boolean;
  readonly recordsPerSecond?: number;
  readonly bytesPerRecord?: number;
  readonly times: number;
  readonly keptDays: number;
  readonly queryHours: number;
  readonly baseRpu: number;
  readonly ra3?: boolean;
  readonly onDemand?: boolean;
}

export const addForecast: AddCommand = (program, { terminal }) => {
  const command = program
    .command("forecast")
    .summary("what the pipeline would need and cost on AWS")
    .description(
      "Reckons shards, Firehose's partitions and its steps of 5 KB, objects, COPY loads, Data API calls and the month's cost on AWS, at the present rate " +
        "of the running instance (over its last ten seconds) and at ten times it. With a definition and --records-per-second no instance is needed. " +
        "Says when a plain PostgreSQL would do. Prices are the list's, in us-east-1, with their sources in --json.",
    )
    .argument("[definition]", "a definition's file or folder, instead of a running instance")
    .option(
      "--records-per-second <n>",
      "into each stream, instead of the present rate",
      wholeNumber("--records-per-second", 0, 100_000_000),
    )
    .option("--bytes-per-record <n>", "instead of the present size", wholeNumber("--bytes-per-record", 1, 10_485_760))
    .option("--times <n>", "and at so many times the rate", wholeNumber("--times", 2, 100_000), 10)
    .option(
      "--kept-days <n>",
      "how long rows are kept in lake and warehouse",
      wholeNumber("--kept-days", 1, 36_500),
      30,
    )
    .option(
      "--query-hours <n>",
      "hours a day in which somebody asks the warehouse",
      wholeNumber("--query-hours", 0, 24),
      2,
    )
    .option("--base-rpu <n>", "Redshift Serverless: capacity at rest", wholeNumber("--base-rpu", 4, 512), 8)
    .addOption(new Option("--ra3", "two ra3.large nodes instead of Redshift Serverless").conflicts("baseRpu"))
    .option("--on-demand", "streams that scale by themselves")
    .addOption(jsonOption("print { now, later, sources } as JSON"));
  instanceOptions(command)
    .addHelpText(
      "after",
      examples([
        ["penstock forecast", "of the running instance, at its present rate and ten times it"],
        ["penstock forecast examples/market --records-per-second 500 --bytes-per-record 200", "before anything runs"],
        ["penstock forecast --times 100 --json | jq .later.cost.totalUsd", "for a script"],
      ]),
    )
    .action(async (definition: string | undefined, options: ForecastOptions) => {
      const { model, rates, known } = await gather(definition, options, terminal);
      const load = pipelineLoad(model, rates, assumptionsOf(options), known);
      const now = forecast(load, 1);
      const later = forecast(load, options.times);
      const prices = { region: PRICES_REGION, asOf: PRICES_AS_OF };
      const sources = [...new Set(later.cost.lines.map(({ price }) => price.source))].sort();
      if (options.json) printJson(terminal, { now, later, prices, sources });
      else print(terminal, forecastText(now, later, sources, (await import("./support/table.js")).textTable));
    });
};

type Known = NonNullable<Parameters<typeof pipelineLoad>[3]>;

async function gather(definition: string | undefined, options: ForecastOptions, terminal: Terminal) {
  if (definition !== undefined) {
    if (options.recordsPerSecond === undefined || options.bytesPerRecord === undefined) {
      throw new PenstockError("invalid-argument", "A definition alone has no rate.", {
        hint: "Add --records-per-second and --bytes-per-record; or leave the definition out, and the running instance is asked.",
      });
    }
    const { loadDefinition } = await import("../definition/load.js");
    const model = await loadDefinition(resolve(terminal.workingDirectory, definition));
    const given = { recordsPerSecond: options.recordsPerSecond, bytesPerRecord: options.bytesPerRecord };
    return { model, rates: new Map(model.streams.map(({ name }) => [name, given])), known: {} };
  }
  const { connect } = await import("./support/control-client.js");
  const client = connect(options, terminal);
  const [status, model] = await Promise.all([client.status(), client.model()]);
  const rates = new Map(status.streams.map((stream) => [stream.name, rateOf(stream, options)]));
  if ([...rates.values()].every(({ recordsPerSecond }) => recordsPerSecond === 0)) {
    throw new PenstockError("refused", "Nothing has come into the streams for ten seconds: there is no present rate.", {
      hint: "Ask again while records come, or say --records-per-second and --bytes-per-record.",
    });
  }
  return { model, rates, known: knownOf(status, model, rates) };
}

function rateOf(stream: PipelineStatus["streams"][number], options: ForecastOptions): Rate {
  const recordsPerSecond = options.recordsPerSecond ?? stream.recordsPerSecond;
  const present =
    stream.recordsPerSecond > 0
      ? stream.bytesPerSecond / stream.recordsPerSecond
      : stream.records > 0
        ? stream.sizeBytes / stream.records
        : 0;
  return { recordsPerSecond, bytesPerRecord: options.bytesPerRecord ?? Math.max(1, Math.round(present)) };
}

/** What the instance's own objects tell: how small rows are stored, how many a record makes, how many partitions there are at a time. */
function knownOf(status: PipelineStatus, model: PipelineModel, rates: ReadonlyMap<string, Rate>): Known {
  const storedBytesPerRecord = new Map<string, number>();
  const rowsPerRecord = new Map<string, number>();
  const activePartitions = new Map<string, number>();
  for (const table of status.tables) {
    const rowObjects = table.objects.filter(({ kind }) => kind === "rows");
    const rows = rowObjects.reduce((sum, object) => sum + object.rows, 0);
    const size = rowObjects.reduce((sum, object) => sum + object.sizeBytes, 0);
    // A small object is mostly footer, and no object on AWS is that small.
    const largest = Math.max(0, ...table.sources.map((name) => rates.get(name)?.bytesPerRecord ?? 0));
    if (rows > 0) storedBytesPerRecord.set(table.name, Math.min(size / rows, largest));
    const records = table.sources.reduce(
      (sum, name) => sum + (status.streams.find((stream) => stream.name === name)?.records ?? 0),
      0,
    );
    const taken = records - table.lagRecords;
    if (taken > 0) rowsPerRecord.set(table.name, table.rowsDelivered / taken);
    const partitioned = model.tables.find(({ name }) => name === table.name)?.deliver.partitionBy.length ?? 0;
    if (partitioned > 0) {
      const folders = new Set(rowObjects.map(({ key }) => key.slice(0, key.lastIndexOf("/"))));
      activePartitions.set(table.name, Math.max(1, folders.size));
    }
  }
  return { storedBytesPerRecord, rowsPerRecord, activePartitions };
}

function assumptionsOf(options: ForecastOptions): LoadAssumptions {
  const { secondsPerLoad } = DEFAULT_ASSUMPTIONS.warehouse;
  const common = { queryHoursPerDay: options.queryHours, secondsPerLoad };
  return {
    ...DEFAULT_ASSUMPTIONS,
    keptDays: options.keptDays,
    streamMode: options.onDemand === true ? "on-demand" : "provisioned",
    warehouse: options.ra3
      ? { kind: "provisioned", nodeType: "ra3.large", nodes: 2, ...common }
      : { kind: "serverless", baseRpu: options.baseRpu, ...common },
  };
}

type TextTable = typeof import("./support/table.js").textTable;

function forecastText(now: Forecast, later: Forecast, sources: readonly string[], textTable: TextTable): string {
  const both = [now, later];
  const rows: string[][] = [];
  const line = (what: string, of: (one: Forecast) => string) => rows.push([what, ...both.map(of)]);
  for (const [index, { name, kind }] of now.streams.entries()) {
    line(`${name}: records`, ({ streams }) => `${rate(streams[index]!.recordsPerSecond)}/s`);
    line(`${name}: bytes`, ({ streams }) => `${bytes(streams[index]!.bytesPerSecond)}/s`);
    if (kind === "kinesis") line(`${name}: shards needed`, ({ streams }) => count(streams[index]!.shardsNeeded));
  }
  for (const [index, { table, source }] of now.tables.entries()) {
    const several = now.tables.filter((one) => one.table === table).length > 1;
    const name = several ? `${table} from ${source}` : table;
    line(`${name}: Firehose bills, by steps of 5 KB`, ({ tables }) => `${tables[index]!.rounding.toFixed(1)} x`);
    line(`${name}: Firehose partitions at once`, ({ tables }) =>
      tables[index]!.activePartitions === 0 ? "none" : `${count(tables[index]!.activePartitions)} of ${PARTITIONS_MAX}`,
    );
    line(
      `${name}: objects`,
      ({ tables }) => `${rate(tables[index]!.objectsPerHour)}/h of ${bytes(tables[index]!.bytesPerObject)}`,
    );
  }
  line("COPY loads", ({ warehouse }) => `${rate(warehouse.loadsPerHour)}/h`);
  line("Data API calls", ({ warehouse }) => `${rate(warehouse.dataApiCallsPerMinute)}/min`);
  line("warehouse awake for loads", ({ warehouse }) => `${(100 * warehouse.awakeShare).toFixed(0)}%`);
  const services = [...new Set(both.flatMap(({ cost }) => cost.lines.map(({ service }) => service)))];
  const spent = ({ cost }: Forecast, service: string) =>
    cost.lines.reduce((sum, one) => sum + (one.service === service ? one.usd : 0), 0);
  const money = services
    .sort((a, b) => spent(later, b) - spent(later, a))
    .map((service) => [service, ...both.map((one) => dollars(spent(one, service)))]);
  const numeric = [false, true, true];
  const head = (what: string) => [what, "AT THE PRESENT RATE", `AT ${later.factor} TIMES IT`];
  const warned = [
    ...now.warnings.map((text) => `- ${text}`),
    ...later.warnings
      .filter((text) => !now.warnings.includes(text))
      .map((text) => `- At ${later.factor} times: ${text}`),
  ];
  return [
    textTable(head("NEEDS"), rows, numeric),
    "",
    textTable(
      head("USD A MONTH"),
      [
        ...money,
        ["together", ...both.map(({ cost }) => dollars(cost.totalUsd))],
        ["and each month, for what is kept", ...both.map(({ cost }) => `+${dollars(cost.growthUsdPerMonth)}`)],
      ],
      numeric,
    ),
    "",
    ...(warned.length === 0 ? [] : ["Worth knowing:", ...warned, ""]),
    now.postgres.sentence,
    ...(later.postgres.sentence === now.postgres.sentence
      ? []
      : [`At ${later.factor} times: ${later.postgres.sentence}`]),
    "",
    "Assumed:",
    ...now.cost.assumptions.map((text) => `- ${text}`),
    `- Prices are those of the public list in ${PRICES_REGION}, gone through in ${PRICES_AS_OF}: ${sources.join(", ")}`,
  ].join("\n");
}

function dollars(value: number): string {
  return value >= 100 ? count(Math.round(value)) : value.toFixed(2);
}
