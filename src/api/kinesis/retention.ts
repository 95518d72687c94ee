import { RETENTION_HOURS_MAX, RETENTION_HOURS_MIN } from "../../core/limits.js";
import { invalidArgument } from "../aws/aws-error.js";
import { operation } from "../aws/service.js";
import { integer, structure } from "../aws/shape.js";
import { type KinesisContext, requireStream } from "./context.js";
import { streamArn, streamId, streamName } from "./members.js";

const input = structure({
  RetentionPeriodHours: integer({ required: true, min: 1, max: RETENTION_HOURS_MAX }),
  StreamName: streamName,
  StreamARN: streamArn,
  StreamId: streamId,
});

export const increaseRetention = (context: KinesisContext) => changeRetention(context, "increase");
export const decreaseRetention = (context: KinesisContext) => changeRetention(context, "decrease");

function changeRetention(context: KinesisContext, direction: "increase" | "decrease") {
  return operation(input, async (request) => {
    const stream = requireStream(context, request);
    const hours = request.RetentionPeriodHours;
    const current = stream.attributes.retentionHours;
    if (hours < RETENTION_HOURS_MIN) {
      throw invalidArgument(
        `Minimum allowed retention period is ${RETENTION_HOURS_MIN} hours. Requested retention period (${hours} hours) is too short.`,
      );
    }
    const wrongWay = direction === "increase" ? hours < current : hours > current;
    if (wrongWay) {
      const [than, other] = direction === "increase" ? ["shorter", "Decrease"] : ["longer", "Increase"];
      throw invalidArgument(
        `Requested retention period (${hours} hours) for stream ${stream.name} can not be ${than} than existing ` +
          `retention period (${current} hours). Use ${other}RetentionPeriod API.`,
      );
    }
    await stream.update({ retentionHours: hours });
    return undefined;
  });
}
