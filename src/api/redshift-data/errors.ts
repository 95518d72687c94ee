/** The Data API's errors; it spells their text `Message`. */

import { messageOf } from "../../core/errors.js";
import { isSqlError } from "../../redshift/sql-error.js";
import { AwsError } from "../aws/aws-error.js";

export function invalid(message: string): AwsError {
  return new AwsError("ValidationException", message, 400, "Message");
}

export function statementNotFound(id: string): AwsError {
  return new AwsError("ResourceNotFoundException", `Statement ${id} does not exist.`, 400, "Message");
}

export function noResult(): AwsError {
  return new AwsError(
    "ResourceNotFoundException",
    "Query does not have result. Please check query status with DescribeStatement.",
    400,
    "Message",
  );
}

/** As DescribeStatement shows what the database said. */
export function statementErrorText(error: unknown): string {
  if (!isSqlError(error)) return `ERROR: ${messageOf(error)}`;
  const lines = [`${error.severity}: ${error.message}`];
  if (error.detail !== undefined) lines.push(`  Detail: ${error.detail}`);
  if (error.hint !== undefined) lines.push(`  Hint: ${error.hint}`);
  return lines.join("\n");
}
