/** NextToken of the list operations: good for five minutes, and only for the list it came from. */
import { ITERATOR_LIFE_MS } from "../../core/limits.js";
import { AwsError, invalidArgument } from "../aws/aws-error.js";
import type { KinesisContext } from "./context.js";
import { serviceDate, type Token } from "./iterator.js";

export function openListToken(context: KinesisContext, text: string, kind: Token["kind"]): Token {
  const token = context.tokens.open(text);
  if (token === undefined || token.kind !== kind) throw invalidArgument("NextToken is invalid.");
  const now = context.clock.now();
  if (now - token.madeAtMs > ITERATOR_LIFE_MS) {
    throw new AwsError(
      "ExpiredNextTokenException",
      `NextToken expired. The token was created at time ${serviceDate(token.madeAtMs)} while right now it is ` +
        `${serviceDate(now)} which is further in the future than the tolerated delay of ${ITERATOR_LIFE_MS} milliseconds.`,
    );
  }
  return token;
}
