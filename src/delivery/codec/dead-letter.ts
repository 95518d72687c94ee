/**
 * Why a row could not be delivered. The codes are stable: dead letters are grouped, shown and redriven by them.
 */
export const DEAD_LETTER_CODES = [
  "empty-record",
  "invalid-aggregate",
  "invalid-gzip",
  "too-large",
  "invalid-utf8",
  "invalid-json",
  "not-an-object",
  "unknown-field",
  "invalid-csv",
  "csv-header",
  "csv-field-count",
  "missing-value",
  "type-mismatch",
  "out-of-range",
  "too-long",
  "not-ascii",
  "invalid-time",
  "transform-failed",
  "too-many-partitions",
] as const;

export type DeadLetterCode = (typeof DEAD_LETTER_CODES)[number];

/** What is wrong with one row. `column` is null where no column is to blame. */
export interface RowFault {
  readonly code: DeadLetterCode;
  readonly column: string | null;
  readonly message: string;
}

/** The services' word for the same thing, as Firehose writes it in `errorCode`. */
export function firehoseErrorCode(code: DeadLetterCode): string {
  switch (code) {
    case "invalid-aggregate":
      return "DataFormatConversion.InvalidAggregation";
    case "transform-failed":
      return "Lambda.FunctionError";
    case "too-many-partitions":
      return "DynamicPartitioning.ActivePartitionsExceeded";
    case "empty-record":
    case "invalid-gzip":
    case "too-large":
    case "invalid-utf8":
    case "invalid-json":
    case "not-an-object":
    case "invalid-csv":
    case "csv-header":
    case "csv-field-count":
      return "DataFormatConversion.ParseError";
    default:
      return "DataFormatConversion.MalformedData";
  }
}
