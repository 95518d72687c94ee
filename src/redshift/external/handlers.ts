/** CREATE EXTERNAL SCHEMA, CREATE EXTERNAL TABLE, and ALTER TABLE of partitions. */
import { typeOfName } from "../binder/expressions/type-of-name.js";
import type { StoredColumn, StoredRelation } from "../catalog/stored.js";
import type { LoadServices } from "../copy/services.js";
import { s3Url } from "../copy/source.js";
import { bucketsFor, checkDatabase, checkLake } from "../engine/access.js";
import { type DdlRun, newOid, placeFor, putRelation, putSchema, removeRelation } from "../engine/ddl/catalog-work.js";
import { checkSchemaName, schemaThere } from "../engine/ddl/schemas.js";
import { done, type StatementHandler, type StatementHandlers } from "../engine/statement-run.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import type { AlterTableAction, CreateExternalSchema, CreateExternalTable } from "../syntax/ast.js";
import { type BoundCreateAs, bindCreateAs, type Made, makeFiles } from "./create-as.js";
import { type LakeCatalog, lakeRelation } from "./lake-tables.js";
import { type ExternalFormat, newExternal, storedExternal } from "./stored-external.js";

export function externalHandlers(lake: LakeCatalog, services: LoadServices): StatementHandlers {
  return {
    "create-external-schema": {
      access: "write",
      async run(statement: CreateExternalSchema, run) {
        const { name, at } = statement;
        if (run.core.transaction.snapshot.schemas.has(name)) {
          if (!statement.ifNotExists) throw schemaThere(name, at);
          await followDefinition(run, lake);
          run.core.notice({ severity: "INFO", message: `Schema "${name}" already exists and will be skipped` });
          return done("CREATE EXTERNAL SCHEMA");
        }
        checkDatabase(run.core, "create", at);
        checkSchemaName(name, at);
        checkSource(statement, lake);
        // Whose the schema is, may read all that is in it.
        if ((statement.options.DATABASE ?? lake.database) === lake.database) checkLake(run.core, at);
        await makeLakeSchema(run, lake, {
          name,
          database: statement.options.DATABASE ?? lake.database,
          options: statement.options,
        });
        return done("CREATE EXTERNAL SCHEMA");
      },
    },
    "create-external-table": createTableHandler(lake, services),
  };
}

function createTableHandler(
  lake: LakeCatalog,
  services: LoadServices,
): StatementHandler<CreateExternalTable, BoundCreateAs | undefined> {
  return {
    access: "write",
    bind: (statement, context) =>
      statement.query === undefined
        ? undefined
        : bindCreateAs(statement, statement.query, formatOf(statement), context),
    async run(statement, run) {
      const place = placeOf(statement, run, lake);
      const { bound } = run;
      const made =
        bound === undefined
          ? undefined
          : await makeFiles(bound, run, {
              ...services,
              buckets: bucketsFor(run.core, services.buckets, "unload", statement.at),
            });
      await putTable(statement, place, run, made);
      return done("CREATE EXTERNAL TABLE", made?.rows);
    },
  };
}

function checkSource(statement: CreateExternalSchema, lake: LakeCatalog): void {
  const { at, from, options } = statement;
  if (from !== "data catalog") {
    throw new SqlError(
      SQL_STATE.featureNotSupported,
      `CREATE EXTERNAL SCHEMA FROM ${from.toUpperCase()} is not supported`,
      {
        at,
        hint: `FROM DATA CATALOG DATABASE '${lake.database}' shows the pipeline's lake.`,
      },
    );
  }
  if (options.DATABASE === undefined)
    throw new SqlError(SQL_STATE.syntaxError, "CREATE EXTERNAL SCHEMA FROM DATA CATALOG needs a DATABASE", { at });
  if (options.IAM_ROLE === undefined) {
    throw new SqlError(SQL_STATE.syntaxError, "CREATE EXTERNAL SCHEMA FROM DATA CATALOG needs an IAM_ROLE", {
      at,
      hint: "Add IAM_ROLE default.",
    });
  }
  if (options.DATABASE !== lake.database && !statement.createDatabase) {
    throw new SqlError(SQL_STATE.invalidCatalogName, `Database ${options.DATABASE} not found in the data catalog`, {
      at,
      hint: `The pipeline's lake is the database '${lake.database}'; add CREATE EXTERNAL DATABASE IF NOT EXISTS for one of your own.`,
    });
  }
}

export interface LakeSchema {
  readonly name: string;
  readonly database: string;
  readonly options: Readonly<Record<string, string>>;
}

export async function makeLakeSchema(
  run: DdlRun,
  lake: LakeCatalog,
  { name, database, options }: LakeSchema,
): Promise<void> {
  const nowMs = run.core.shared.clock.now();
  await putSchema(run, {
    oid: await newOid(run),
    name,
    owner: run.core.user,
    externalFrom: "data catalog",
    externalOptions: JSON.stringify({
      database,
      iam_role: options.IAM_ROLE ?? "default",
      ...(options.REGION === undefined ? {} : { region: options.REGION }),
    }),
    createdAtMs: nowMs,
  });
  if (database !== lake.database) return;
  for (const table of lake.tables) {
    await putRelation(
      run,
      lakeRelation(table, lake, { schema: name, owner: run.core.user, oid: await newOid(run), nowMs }),
    );
  }
}

/** Brings every schema over the lake to what the definition has now. */
async function followDefinition(run: DdlRun, lake: LakeCatalog): Promise<void> {
  const { snapshot } = run.core.transaction;
  const nowMs = run.core.shared.clock.now();
  for (const schema of snapshot.schemas.values()) {
    if (schema.externalFrom === undefined || databaseOf(schema.externalOptions) !== lake.database) continue;
    for (const table of lake.tables) {
      const known = snapshot.relation(schema.name, table.name);
      // One of the user's own stays theirs.
      if (known !== undefined && storedExternal(known).lakeTable === undefined) continue;
      const oid = known?.oid ?? (await newOid(run));
      const next = lakeRelation(table, lake, { schema: schema.name, owner: known?.owner ?? schema.owner, oid, nowMs });
      if (known !== undefined && shapeOf(known) === shapeOf(next)) continue;
      await putRelation(run, next);
    }
    for (const relation of snapshot.relationsOf(schema.name)) {
      const { lakeTable } = storedExternal(relation);
      if (lakeTable !== undefined && !lake.tables.some(({ name }) => name === lakeTable))
        await removeRelation(run, relation);
    }
  }
}

function databaseOf(options: string | undefined): unknown {
  return (JSON.parse(options ?? "{}") as { database?: unknown }).database;
}

function shapeOf({ columns, external }: StoredRelation): string {
  return JSON.stringify([columns.map(({ name, type }) => [name, type]), external]);
}

type Place = Pick<StoredRelation, "schema" | "name">;

function placeOf(statement: CreateExternalTable, run: DdlRun, lake: LakeCatalog): Place {
  const { name } = statement;
  const at = name.at;
  const place = placeFor(run, name, false);
  const schema = run.core.transaction.snapshot.schemas.get(place.schema);
  if (schema?.externalFrom === undefined) {
    throw new SqlError(
      SQL_STATE.featureNotSupported,
      `External tables are made in external schemas; "${place.schema}" is none`,
      { at },
    );
  }
  if (place.existing !== undefined)
    throw new SqlError(SQL_STATE.duplicateTable, `Relation "${place.name}" already exists`, { at });
  if (s3Url(statement.location, at).bucket === lake.bucket) checkLake(run.core, at);
  return place;
}

function columnsOf(statement: CreateExternalTable): readonly StoredColumn[] {
  const columns = [...statement.columns, ...statement.partitionedBy].map(
    (column, index): StoredColumn => ({
      name: column.name,
      type: typeOfName(column.type),
      position: index + 1,
      notNull: false,
      distKey: false,
    }),
  );
  const twice = columns.find((column, index) => columns.findIndex((other) => other.name === column.name) !== index);
  if (twice !== undefined)
    throw new SqlError(SQL_STATE.duplicateColumn, `column "${twice.name}" specified more than once`, {
      at: statement.name.at,
    });
  return columns;
}

async function putTable(
  statement: CreateExternalTable,
  place: Place,
  run: DdlRun,
  made: Made | undefined,
): Promise<void> {
  const columns = made?.columns ?? columnsOf(statement);
  const nowMs = run.core.shared.clock.now();
  await putRelation(run, {
    oid: await newOid(run),
    schema: place.schema,
    name: place.name,
    kind: "external-table",
    owner: run.core.user,
    distStyle: "even",
    sortStyle: "none",
    encodeAuto: false,
    backup: false,
    lateBinding: false,
    autoRefresh: false,
    createdAtMs: nowMs,
    changedAtMs: nowMs,
    columns,
    constraints: [],
    reads: [],
    external: JSON.stringify(
      newExternal({
        location: statement.location,
        format: formatOf(statement),
        partitionColumns: statement.partitionedBy.map((column) => column.name),
        parameters: JSON.stringify(statement.properties),
        ...(made === undefined ? {} : { partitions: made.partitions }),
      }),
    ),
  });
}

function formatOf({ storedAs, rowFormat = "", properties, name }: CreateExternalTable): ExternalFormat {
  const words = rowFormat.toLowerCase();
  if (/jsonserde/.test(words)) return { kind: "json" };
  if (storedAs !== undefined && /parquet/.test(storedAs)) return { kind: "parquet" };
  if (storedAs !== undefined && !/textfile|textinputformat/.test(storedAs)) {
    throw new SqlError(SQL_STATE.featureNotSupported, `STORED AS ${storedAs.toUpperCase()} is not supported`, {
      at: name.at,
      hint: "PARQUET and TEXTFILE are; JSON by ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'.",
    });
  }
  const option = (pattern: RegExp) => pattern.exec(rowFormat)?.[1];
  const delimiter =
    option(/fields\s+terminated\s+by\s+'((?:[^']|'')+)'/i) ??
    option(/'(?:separatorChar|field\.delim)'\s*=\s*'((?:[^']|'')+)'/i);
  const isCsv = /opencsvserde/.test(words);
  return {
    kind: "csv",
    delimiter: delimiter === "\\t" ? "\t" : (delimiter ?? (isCsv ? "," : "\x01")),
    quote: isCsv ? (option(/'quoteChar'\s*=\s*'(.)'/i) ?? '"') : "",
    skip: Number(properties["skip.header.line.count"] ?? 0),
    nullText: properties["serialization.null.format"] ?? "\\N",
  };
}

/** ADD and DROP PARTITION, SET LOCATION's kin. */
export async function alterExternal(relation: StoredRelation, action: AlterTableAction, run: DdlRun): Promise<void> {
  const external = storedExternal(relation);
  if (external.lakeTable !== undefined) {
    throw new SqlError(
      SQL_STATE.insufficientPrivilege,
      `permission denied: "${relation.name}" is of the pipeline's lake`,
      { hint: "Its partitions are those of the objects that are there." },
    );
  }
  const put = (next: typeof external) =>
    putRelation(run, { ...relation, changedAtMs: run.core.shared.clock.now(), external: JSON.stringify(next) });
  const partitions = external.partitions ?? [];
  if (action.type === "add-partition") {
    const values = partitionValues(external.partitionColumns, action.values);
    const there = partitions.some((one) => JSON.stringify(one.values) === JSON.stringify(values));
    if (there && !action.ifNotExists) throw new SqlError(SQL_STATE.duplicateObject, "Partition already exists.");
    // The table's own was looked at when it was made.
    for (const { location } of [action, ...(action.more ?? [])])
      if (s3Url(location).bucket !== s3Url(external.location).bucket) checkLake(run.core, 0);
    if (!there) await put({ ...external, partitions: [...partitions, { values, location: action.location }] });
    return;
  }
  if (action.type === "drop-partition") {
    const values = JSON.stringify(partitionValues(external.partitionColumns, action.values));
    const left = partitions.filter((one) => JSON.stringify(one.values) !== values);
    if (left.length === partitions.length) throw new SqlError(SQL_STATE.undefinedObject, "Partition does not exist.");
    await put({ ...external, partitions: left });
    return;
  }
  if (action.type === "set-property") {
    const parameters = JSON.stringify({ ...(JSON.parse(external.parameters) as object), ...action.properties });
    await put({ ...external, parameters });
    return;
  }
  throw new SqlError(
    SQL_STATE.featureNotSupported,
    `ALTER TABLE ${action.type.toUpperCase().replace("-", " ")} is not supported for external tables`,
  );
}

function partitionValues(columns: readonly string[], given: Readonly<Record<string, string>>): string[] {
  const unknown = Object.keys(given).find((name) => !columns.includes(name));
  if (unknown !== undefined)
    throw new SqlError(SQL_STATE.undefinedColumn, `"${unknown}" is no partition column`, {
      hint: `They are: ${columns.join(", ")}.`,
    });
  return columns.map((column) => {
    const value = given[column];
    if (value === undefined)
      throw new SqlError(SQL_STATE.invalidParameterValue, `partition column "${column}" has no value`);
    return value;
  });
}
