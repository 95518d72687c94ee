import { CfnOutput, RemovalPolicy, Stack } from "aws-cdk-lib";
import { CfnDatabase, CfnTable } from "aws-cdk-lib/aws-glue";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import type { PipelineModel, TableModel } from "../../../src/definition/model.js";
import { mappingOf } from "../../../src/definition/types.js";
import { partitionFolders } from "../partition-folders.js";
import { fixedPart } from "../prefixes.js";

export interface Catalog {
  readonly database: CfnDatabase;
  readonly databaseName: string;
  readonly tables: ReadonlyMap<string, CfnTable>;
  /** With those of dead letters. */
  readonly tableNames: readonly string[];
}

interface GlueColumn {
  readonly name: string;
  readonly type: string;
}

/**
 * In this order before a table's own. The sequence number is text: AWS's has 56 digits. The row's index is a bigint: a user record of a KPL
 * aggregate counts from its place times 2^32.
 */
export const METADATA_TYPES: readonly GlueColumn[] = [
  { name: "_shard_id", type: "string" },
  { name: "_sequence_number", type: "string" },
  { name: "_row_index", type: "bigint" },
  { name: "_arrived_at", type: "timestamp" },
];

const PARQUET = {
  inputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
  outputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
  serdeInfo: { serializationLibrary: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe" },
};
const JSON_LINES = {
  inputFormat: "org.apache.hadoop.mapred.TextInputFormat",
  outputFormat: "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
  serdeInfo: { serializationLibrary: "org.apache.hive.hcatalog.data.JsonSerDe" },
};

/** As src/lambda writes them, and Firehose its own failures (which lack what follows `dataCatalogTable`). */
const DEAD_LETTER_COLUMNS: readonly GlueColumn[] = [
  { name: "attemptsmade", type: "int" },
  { name: "arrivaltimestamp", type: "bigint" },
  { name: "errorcode", type: "string" },
  { name: "errormessage", type: "string" },
  { name: "attemptendingtimestamp", type: "bigint" },
  { name: "rawdata", type: "string" },
  { name: "sequencenumber", type: "string" },
  { name: "subsequencenumber", type: "bigint" },
  { name: "datacatalogtable", type: "struct<databasename:string,tablename:string,versionid:string>" },
  { name: "stream", type: "string" },
  { name: "shardid", type: "string" },
  { name: "sequence", type: "bigint" },
  { name: "rowindex", type: "bigint" },
  { name: "code", type: "string" },
  { name: "column", type: "string" },
  { name: "table", type: "string" },
  { name: "flush", type: "bigint" },
];

/**
 * A table of the definition is two of Glue's: its rows, by whose columns Firehose converts, and its dead letters. Both are kept when the
 * stack is deleted, with the lake that they describe. A table whose folders are its partitions has them as keys, so that a query reads those it names
 * (stages/partitions.ts tells the catalog of them); the others are read with all their folders.
 */
export function catalog(scope: Construct, model: PipelineModel, bucket: Bucket): Catalog {
  const { account } = Stack.of(scope);
  const databaseName = model.name.replaceAll("-", "_");
  const database = new CfnDatabase(scope, "Database", {
    catalogId: account,
    databaseInput: { name: databaseName, description: `The lake of the pipeline ${model.name}` },
  });
  database.applyRemovalPolicy(RemovalPolicy.RETAIN);
  const addTable = (id: string, name: string, storage: GlueStorage, partitionKeys: readonly GlueColumn[] = []) => {
    const classification = storage.serdeInfo === PARQUET.serdeInfo ? "parquet" : "json";
    const table = new CfnTable(scope, id, {
      catalogId: account,
      databaseName,
      tableInput: {
        name,
        tableType: "EXTERNAL_TABLE",
        parameters: { EXTERNAL: "TRUE", classification },
        ...(partitionKeys.length === 0 ? {} : { partitionKeys: [...partitionKeys] }),
        storageDescriptor: { ...storage, columns: [...storage.columns] },
      },
    });
    table.addResourceDependency(database);
    table.applyRemovalPolicy(RemovalPolicy.RETAIN);
    return table;
  };
  const tables = new Map<string, CfnTable>();
  for (const table of model.tables) {
    const keys = partitionFolders(table)?.keys.map(({ name }) => ({ name, type: "string" }));
    tables.set(table.name, addTable(`Table-${table.name}`, table.name, rowStorage(table, bucket.bucketName), keys));
    addTable(
      `DeadLetters-${table.name}`,
      deadLettersName(table.name),
      storageOf(DEAD_LETTER_COLUMNS, table.deliver.errorPrefix, bucket.bucketName, JSON_LINES),
    );
  }
  new CfnOutput(scope, "GlueDatabase", {
    value: databaseName,
    description: "The lake's tables, for Athena and Spectrum",
  });
  const tableNames = model.tables.flatMap(({ name }) => [name, deadLettersName(name)]);
  return { database, databaseName, tables, tableNames };
}

function deadLettersName(table: string): string {
  return `${table}_dead_letters`;
}

type GlueFormat = typeof PARQUET;

interface GlueStorage extends GlueFormat {
  readonly columns: readonly GlueColumn[];
  readonly location: string;
}

/** The storage of a table's rows, and, but for its location, of each of its partitions. */
export function rowStorage(table: TableModel, bucket: string): GlueStorage {
  const { prefix, fileFormat } = table.deliver;
  return storageOf(rowColumns(table), prefix, bucket, fileFormat === "parquet" ? PARQUET : JSON_LINES);
}

function storageOf(columns: readonly GlueColumn[], prefix: string, bucket: string, format: GlueFormat): GlueStorage {
  return { columns, location: `s3://${bucket}/${fixedPart(prefix)}`, ...format };
}

function rowColumns(table: TableModel): readonly GlueColumn[] {
  return [...METADATA_TYPES, ...table.columns.map(({ name, type }) => ({ name, type: mappingOf(type).glue }))];
}
