import { inUse } from "../aws/aws-error.js";
import { operation } from "../aws/service.js";
import { boolean, structure } from "../aws/shape.js";
import { type KinesisContext, requireStream } from "./context.js";
import { streamArn, streamId, streamName } from "./members.js";

const input = structure({
  StreamName: streamName,
  StreamARN: streamArn,
  StreamId: streamId,
  EnforceConsumerDeletion: boolean(),
});

export const deleteStream = (context: KinesisContext) =>
  operation(input, async (request) => {
    const stream = requireStream(context, request);
    const { status, defined, consumers } = stream.attributes;
    const shown = `Stream ${stream.name} under account ${context.accountId}`;
    if (defined) {
      throw inUse(
        `${shown} belongs to the pipeline's definition and cannot be deleted here. Take it out of the definition and start again.`,
      );
    }
    if (consumers.length > 0 && request.EnforceConsumerDeletion !== true) {
      throw inUse(`${shown} has registered consumers. Deregister them, or set EnforceConsumerDeletion to true.`);
    }
    if (status !== "DELETING") await context.lifecycle.deleting(stream);
    return undefined;
  });
