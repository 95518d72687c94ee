/**
 * The loader's part of AWS around the embedded front doors: the Lambdas as they are bundled, the state machines as they are synthesized, Penstock's own Data API
 * and S3 behind both. Step Functions is the interpreter beside this file, reached by the Lambdas' own SDK over HTTP.
 */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type DataApiFault, type DataApiOperation, faultyDataApi } from "../../../test/warehouse/faulty-data-api.js";
import { LAKE_BUCKET, LEDGER_SCHEMA, type RedshiftDoor } from "../../../test/warehouse/redshift-under-test.js";
import type { Bundles } from "../../src/bundle.js";
import { supervisedStates } from "../../src/stages/supervised-states.js";
import { type Execution, runAsl } from "./asl.js";
import { dataApiTask, operationOf } from "./data-api.js";

export type Machine = "load" | "sweep" | "migrate";
type Handler = (event: unknown) => Promise<unknown>;

export interface Cloud {
  /** A handler as it is deployed. */
  readonly handler: (bundle: "load" | "migrate") => Handler;
  run(machine: Machine, input: unknown): Promise<Execution>;
  /** Resolves when no execution that a Lambda started is under way; the executions that have ended since the last time. */
  settled(): Promise<Execution[]>;
  /** From now on, one a request of each kind; beyond them all is well. */
  fail(faults: Partial<Record<DataApiOperation, readonly DataApiFault[]>>): void;
  close(): Promise<void>;
}

export interface CloudOptions {
  readonly door: RedshiftDoor;
  readonly bundles: Bundles;
  /** How many polls a statement may take. */
  readonly deadlineSeconds?: number;
}

export async function openCloud({ door, bundles, deadlineSeconds = 1800 }: CloudOptions): Promise<Cloud> {
  const running = new Set<Promise<unknown>>();
  const started = new Map<string, string>();
  const ended: Execution[] = [];
  let faults: Partial<Record<DataApiOperation, readonly DataApiFault[]>> = {};
  const begun = new Map<string, number>();
  const client = faultyDataApi(door.client, (operation) => {
    const count = begun.get(operation) ?? 0;
    begun.set(operation, count + 1);
    return faults[operation]?.[count] ?? "none";
  });

  const states = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const asked = JSON.parse(Buffer.concat(chunks).toString()) as Record<
        "stateMachineArn" | "name" | "input",
        string
      >;
      const taken = started.has(asked.name) && started.get(asked.name) !== asked.input;
      response.writeHead(taken ? 400 : 200, { "content-type": "application/x-amz-json-1.0" });
      if (taken || started.has(asked.name)) {
        response.end(JSON.stringify({ __type: "com.amazonaws.swf#ExecutionAlreadyExists", message: "exists" }));
        return;
      }
      started.set(asked.name, asked.input);
      const execution = run(asked.stateMachineArn.split(":").at(-1) as Machine, JSON.parse(asked.input), asked.name);
      const watched = execution.then((one) => ended.push(one)).finally(() => running.delete(watched));
      running.add(watched);
      response.end(JSON.stringify({ executionArn: `arn:${asked.name}`, startDate: 1 }));
    });
  });
  states.listen(0, "127.0.0.1");
  await once(states, "listening");
  const { port } = states.address() as { port: number };
  const arn = (machine: Machine) => `arn:aws:states:us-east-1:123456789012:stateMachine:${machine}`;
  const environment = {
    AWS_REGION: "us-east-1",
    NODE_NO_WARNINGS: "1",
    AWS_ACCESS_KEY_ID: "any",
    AWS_SECRET_ACCESS_KEY: "any",
    AWS_ENDPOINT_URL_S3: door.url,
    AWS_ENDPOINT_URL_SFN: `http://127.0.0.1:${port}`,
    POWERTOOLS_TRACE_ENABLED: "false",
    POWERTOOLS_LOG_LEVEL: "SILENT",
    POWERTOOLS_METRICS_DISABLED: "true",
    POWERTOOLS_METRICS_NAMESPACE: "Penstock",
    POWERTOOLS_SERVICE_NAME: "test",
    LAKE_BUCKET,
    LEDGER_SCHEMA,
    MANIFEST_PREFIX: "loads/",
    STATE_PREFIX: "_penstock/",
    COPY_ROLE: "arn:aws:iam::123456789012:role/copy",
    GLUE_DATABASE: "glue",
    GRACE_SECONDS: "0",
    LOAD_STATE_MACHINE: arn("load"),
    MIGRATION_STATE_MACHINE: arn("migrate"),
    DEFINITION: "own",
  };
  Object.assign(process.env, environment);
  const load = createRequire(import.meta.url);
  const open = (path: string) => {
    const file = join(path, "index.js");
    // Its environment is read when it starts.
    delete load.cache[file];
    return (load(file) as { handler: Handler }).handler;
  };
  const steps = { load: open(bundles.loadStep), sweep: open(bundles.sweep), migrate: open(bundles.migrate) };
  const handlers = { load: open(bundles.load), migrate: steps.migrate };

  async function run(machine: Machine, input: unknown, name: string = randomUUID()): Promise<Execution> {
    return await runAsl({
      definition: supervisedStates({
        functionArn: machine,
        warehouse: {
          target: { WorkgroupName: "local" },
          database: "penstock",
          password: { namespaceName: "local", namespaceArn: "arn", secretArnPattern: "arn" },
        },
        statementName: `penstock-${machine}`,
        deadlineSeconds,
        error: "Failed",
      }),
      input,
      executionId: `arn:${name}`,
      task: (resource, parameters) => task(resource, parameters),
      // A second is a hundredth of one, and a minute no more than that.
      wait: (seconds) => new Promise((resolve) => setTimeout(resolve, Math.min(seconds * 10, 250))),
    });
  }

  async function task(resource: string, parameters: Record<string, unknown>): Promise<unknown> {
    const [service] = operationOf(resource);
    if (service === "lambda") {
      const { FunctionName, Payload } = parameters as { FunctionName: Machine; Payload: unknown };
      return { Payload: await steps[FunctionName](JSON.parse(JSON.stringify(Payload))) };
    }
    return await dataApiTask(client, resource, parameters);
  }

  return {
    handler: (bundle) => handlers[bundle],
    run: (machine, input) => run(machine, input),
    settled: async () => {
      while (running.size > 0) await Promise.all(running);
      return ended.splice(0);
    },
    fail: (given) => {
      faults = given;
      begun.clear();
    },
    close: async () => {
      states.closeAllConnections();
      await new Promise((resolve) => states.close(resolve));
      for (const name of Object.keys(environment)) delete process.env[name];
    },
  };
}
