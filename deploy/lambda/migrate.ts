/**
 * The warehouse's schema as a resource of CloudFormation's: starts the migration's state machine when CloudFormation calls, and decides its steps when that
 * does. The work is src/lambda/migrate-step.ts; CloudFormation is answered from there, by its own address in S3.
 */
import { Logger } from "@aws-lambda-powertools/logger";
import { Tracer } from "@aws-lambda-powertools/tracer";
import { S3Client } from "@aws-sdk/client-s3";
import { SFNClient } from "@aws-sdk/client-sfn";
import type { PipelineModel } from "../../src/definition/model.js";
import { loadModeDdl, MODE_PLACE } from "../../src/lambda/load-mode-ddl.js";
import { type CloudFormationRequest, type MigrateWork, migrateStep } from "../../src/lambda/migrate-step.js";
import type { Call, Told } from "../../src/lambda/supervised.js";
import { AWS_PLACE } from "../../src/warehouse/redshift/steps.js";
import { jsonObjects, newId, startOnce } from "./aws.js";
import { environment } from "./environment.js";

type MigrateEvent = CloudFormationRequest | Call<MigrateWork>;

export function migrateHandler(model: PipelineModel): (event: MigrateEvent) => Promise<Told<MigrateWork> | undefined> {
  const logger = new Logger();
  const tracer = new Tracer();
  const client = tracer.captureAWSv3Client(new S3Client({}));
  const stepFunctions = tracer.captureAWSv3Client(new SFNClient({}));
  const lakeBucket = environment("LAKE_BUCKET");
  const objects = jsonObjects(client, lakeBucket);
  const definitionKey = `${environment("STATE_PREFIX")}definition.json`;
  const place = { ...AWS_PLACE, schema: environment("LEDGER_SCHEMA") };

  async function respond(request: CloudFormationRequest, reason?: string): Promise<void> {
    const { StackId, RequestId, LogicalResourceId } = request;
    const answered = await fetch(request.ResponseURL, {
      method: "PUT",
      // The address is signed for a request without a type.
      headers: { "content-type": "" },
      body: JSON.stringify({
        Status: reason === undefined ? "SUCCESS" : "FAILED",
        ...(reason === undefined ? {} : { Reason: reason }),
        PhysicalResourceId: request.PhysicalResourceId ?? `penstock-schema-${model.name}`,
        StackId,
        RequestId,
        LogicalResourceId,
      }),
    });
    if (!answered.ok) throw new Error(`CloudFormation's address answered ${answered.status}.`);
    logger.info("answered CloudFormation", { request: RequestId, reason });
  }

  const step = migrateStep({
    model,
    place,
    modes: loadModeDdl(
      model,
      { glueDatabase: environment("GLUE_DATABASE"), lakeBucket, roleArn: environment("COPY_ROLE") },
      { ...MODE_PLACE, schema: place.schema },
    ),
    newId,
    read: () => objects.read(definitionKey),
    write: (applied) => objects.write(definitionKey, applied),
    respond,
  });

  return async (event) => {
    if (!("RequestType" in event)) return await step(event);
    // The warehouse is deleted, or kept, by itself.
    if (event.RequestType === "Delete") {
      await respond(event);
      return undefined;
    }
    // Where the functions are not part of the stack (Terraform deploys them), CloudFormation goes back with the code still being the new one's. There is nothing to
    // undo, and an answer that it failed again would leave a stack that cannot be deployed any more.
    const asked = event.ResourceProperties?.Definition;
    if (event.RequestType === "Update" && asked !== undefined && asked !== environment("DEFINITION")) {
      logger.info("the way back to another definition: nothing is done", { request: event.RequestId });
      await respond(event);
      return undefined;
    }
    try {
      const stateMachineArn = environment("MIGRATION_STATE_MACHINE");
      await startOnce(stepFunctions, logger, { stateMachineArn, name: event.RequestId, input: { request: event } });
    } catch (error) {
      await respond(event, `The migration could not be started: ${error instanceof Error ? error.message : error}`);
    }
    return undefined;
  };
}
