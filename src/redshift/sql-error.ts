/**
 * An error of a statement, as PostgreSQL's protocol carries it and the Data API prints it. The message is Redshift's own where it is known.
 */
export interface SqlErrorDetails {
  readonly detail?: string;
  /** What to do next. */
  readonly hint?: string;
  /** Where in the statement's text, in UTF-16 units from 0; the doors count as their protocol does. */
  readonly at?: number;
  readonly cause?: unknown;
  readonly severity?: "ERROR" | "FATAL";
}

export class SqlError extends Error {
  override readonly name = "SqlError";
  /** Five characters. */
  readonly state: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  readonly at: number | undefined;
  readonly severity: "ERROR" | "FATAL";

  constructor(state: string, message: string, details: SqlErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.state = state;
    this.detail = details.detail;
    this.hint = details.hint;
    this.at = details.at;
    this.severity = details.severity ?? "ERROR";
  }
}

/** The same error as the last word of a connection. */
export function fatal(error: SqlError): SqlError {
  const { state, message, detail, hint, at } = error;
  return new SqlError(state, message, {
    severity: "FATAL",
    cause: error,
    ...(detail === undefined ? {} : { detail }),
    ...(hint === undefined ? {} : { hint }),
    ...(at === undefined ? {} : { at }),
  });
}

/** The SQLSTATE codes that Penstock raises, by PostgreSQL's names for them. */
export const SQL_STATE = {
  connectionFailure: "08006",
  protocolViolation: "08P01",
  featureNotSupported: "0A000",
  cardinalityViolation: "21000",
  stringDataRightTruncation: "22001",
  numericValueOutOfRange: "22003",
  invalidDatetimeFormat: "22007",
  datetimeFieldOverflow: "22008",
  divisionByZero: "22012",
  invalidParameterValue: "22023",
  invalidTextRepresentation: "22P02",
  badCopyFileFormat: "22P04",
  notNullViolation: "23502",
  invalidCursorState: "24000",
  activeSqlTransaction: "25001",
  noActiveSqlTransaction: "25P01",
  inFailedSqlTransaction: "25P02",
  idleInTransactionTimeout: "25P03",
  invalidSqlStatementName: "26000",
  invalidAuthorization: "28000",
  invalidPassword: "28P01",
  dependentObjectsStillExist: "2BP01",
  invalidCatalogName: "3D000",
  invalidCursorName: "34000",
  invalidSchemaName: "3F000",
  serializationFailure: "40001",
  syntaxError: "42601",
  insufficientPrivilege: "42501",
  groupingError: "42803",
  wrongObjectType: "42809",
  datatypeMismatch: "42804",
  undefinedFunction: "42883",
  undefinedColumn: "42703",
  undefinedTable: "42P01",
  undefinedParameter: "42P02",
  undefinedObject: "42704",
  duplicateColumn: "42701",
  duplicateCursor: "42P03",
  duplicatePreparedStatement: "42P05",
  duplicateSchema: "42P06",
  duplicateTable: "42P07",
  duplicateObject: "42710",
  ambiguousColumn: "42702",
  ambiguousFunction: "42725",
  invalidColumnReference: "42P10",
  invalidTableDefinition: "42P16",
  tooManyConnections: "53300",
  outOfMemory: "53200",
  diskFull: "53100",
  objectInUse: "55006",
  queryCanceled: "57014",
  adminShutdown: "57P01",
  cannotConnectNow: "57P03",
  internalError: "XX000",
} as const;

export function isSqlError(error: unknown, state?: string): error is SqlError {
  return error instanceof SqlError && (state === undefined || error.state === state);
}
