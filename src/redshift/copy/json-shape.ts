/** How JSON's objects become rows: by the columns' names, by a file of paths, or whole. */
import type { Buckets } from "../../lake/buckets.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import { type JsonPath, type JsonShape, parseJsonPath } from "./json-records.js";
import type { CopyFormat } from "./options.js";
import { objectText } from "./source.js";
import type { LoadTarget } from "./target.js";

type Paths = (CopyFormat & { readonly kind: "json" })["paths"];

export async function jsonShape(
  paths: Paths,
  { columns }: Pick<LoadTarget, "columns">,
  buckets: Buckets,
): Promise<{ readonly json: JsonShape; readonly supers: readonly boolean[] }> {
  const supers = columns.map(({ type }) => type.kind === "super");
  if (paths === "noshred") {
    if (columns.length !== 1 || supers[0] !== true) {
      throw new SqlError(SQL_STATE.invalidParameterValue, "COPY with JSON 'noshred' needs exactly one SUPER column", {
        hint: "Name the SUPER column in the column list.",
      });
    }
    return { json: { kind: "whole" }, supers };
  }
  if (typeof paths === "string") {
    return {
      json: { kind: "names", names: columns.map(({ name }) => name), ignoreCase: paths === "auto ignorecase" },
      supers,
    };
  }
  return {
    json: { kind: "paths", paths: readPaths(await objectText(buckets, paths.url), paths.url, columns.length) },
    supers,
  };
}

function readPaths(text: string, url: string, columns: number): JsonPath[] {
  const wrong = (why: string) =>
    new SqlError(SQL_STATE.internalError, `Invalid JSONPath format. ${url}: ${why}`, {
      hint: `It is {"jsonpaths": ["$.name", "$['other'][0]", ...]}, a path for each column.`,
    });
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw wrong("it is no JSON");
  }
  const list = typeof parsed === "object" && parsed !== null && "jsonpaths" in parsed ? parsed.jsonpaths : undefined;
  if (!Array.isArray(list)) throw wrong('it has no list "jsonpaths"');
  const paths = list.map((one: unknown) => {
    const path = typeof one === "string" ? parseJsonPath(one) : undefined;
    if (path === undefined) throw wrong(`${JSON.stringify(one)} is no path`);
    return path;
  });
  if (paths.length !== columns) {
    throw new SqlError(
      SQL_STATE.internalError,
      `Number of jsonpaths and the number of columns should match. JSONPath size: ${paths.length}, Number of columns in table or column list: ${columns}`,
    );
  }
  return paths;
}
