import { FORMAT } from "./brand.js";

export interface FormatDraft {
  readonly kind: "json" | "csv";
  readonly options: unknown;
}

/** How a record's bytes are read. */
export interface Format {
  readonly [FORMAT]: FormatDraft;
}

export interface JsonOptions {
  /** Fields that no column takes: dropped ("ignore", the default), a dead letter ("reject"), or kept in the column `keepIn`. */
  readonly unknownFields?: "ignore" | "reject" | "keep";
  /** The SUPER or VARCHAR column that gets the unknown fields, as one JSON object. */
  readonly keepIn?: string;
}

/** A record is one JSON object, or several, concatenated or a line each. */
export function json(options: JsonOptions = {}): Format {
  return Object.freeze({ [FORMAT]: Object.freeze<FormatDraft>({ kind: "json", options }) });
}

export interface CsvOptions {
  /** "each": every record begins with a header line that names the columns. "none" (the default): columns by position. */
  readonly header?: "none" | "each";
  /** One character; default a comma. */
  readonly delimiter?: string;
  /** One character; default `"`. */
  readonly quote?: string;
  /** What stands before a quote within quotes: one character; default the quote itself. */
  readonly escape?: string;
  /** The unquoted text that means NULL; default nothing at all, so that `a,,c` has a NULL in the middle and `a,"",c` has not. */
  readonly nullAs?: string;
}

/** A record is one line of CSV, or several. */
export function csv(options: CsvOptions = {}): Format {
  return Object.freeze({ [FORMAT]: Object.freeze<FormatDraft>({ kind: "csv", options }) });
}
