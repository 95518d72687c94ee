import { invalidArgument } from "../aws/aws-error.js";
import { operation } from "../aws/service.js";
import { structure } from "../aws/shape.js";
import { type KinesisContext, kinesisStreams } from "./context.js";
import { openListToken } from "./list-token.js";
import { name, nextToken, pageLimit } from "./members.js";

const STREAMS_A_PAGE = 100;

export const listStreams = (context: KinesisContext) =>
  operation(structure({ Limit: pageLimit, ExclusiveStartStreamName: name, NextToken: nextToken }), (request) => {
    const { NextToken: token, ExclusiveStartStreamName: exclusiveStart } = request;
    if (token !== undefined && exclusiveStart !== undefined) {
      throw invalidArgument("NextToken and ExclusiveStartStreamName cannot be provided together.");
    }
    const after = token === undefined ? exclusiveStart : openListToken(context, token, "streams").stream;
    const names = kinesisStreams(context)
      .map((stream) => stream.name)
      .filter((one) => after === undefined || one > after);
    const page = names.slice(0, request.Limit ?? STREAMS_A_PAGE);
    const more = names.length > page.length;
    // Whoever pages by name is an older client, and does so until the end.
    const next =
      more && exclusiveStart === undefined
        ? context.tokens.seal({
            kind: "streams",
            madeAtMs: context.clock.now(),
            stream: page.at(-1) ?? "",
            streamCreatedAtMs: 0,
            shard: 0,
            position: 0,
          })
        : undefined;
    return { StreamNames: page, HasMoreStreams: more, NextToken: next };
  });
