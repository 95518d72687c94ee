/**
 * The syntax tree of Redshift's SQL: what the parser makes and all else reads. Names are as Redshift folds them (lower case, quoted ones too);
 * `at` is where a node begins in the statement's text, in UTF-16 units. Nothing is resolved yet: no name is known to mean anything.
 */

export interface Node {
  readonly at: number;
}

/** Up to three parts: database, schema, name; the last one is the name. */
export interface QualifiedName extends Node {
  readonly parts: readonly string[];
}

/** A type as written: words in lower case (`character varying`, `double precision`, `timestamptz`, `timestamp with time zone`), and its arguments. */
export interface TypeName extends Node {
  readonly name: string;
  readonly schema?: string;
  readonly args: readonly number[];
  /** `varchar(max)`. */
  readonly max?: boolean;
  readonly array?: boolean;
  /** What an external table's column says in angle brackets, as written: `struct<a:int>`, `array<...>`, `map<...>`. */
  readonly nested?: string;
}

// ---------------------------------------------------------------- expressions

export type Expression =
  | Literal
  | Parameter
  | ColumnRef
  | Star
  | Unary
  | Binary
  | Logical
  | IsTest
  | Between
  | InList
  | InQuery
  | Like
  | Quantified
  | Exists
  | ScalarQuery
  | RowValue
  | Cast
  | Case
  | Call
  | Extract
  | Subscript
  | PathStep
  | AtTimeZone
  | Interval
  | Collate
  | ArrayLiteral;

export interface Literal extends Node {
  readonly kind: "literal";
  /** `number`: the digits as written. `string`: the text itself, escapes undone. */
  readonly value:
    | { readonly type: "number"; readonly text: string }
    | { readonly type: "string"; readonly text: string }
    | { readonly type: "boolean"; readonly value: boolean }
    | { readonly type: "null" };
}

/** `$1`; also the Data API's `:name`, which its door numbers before the parser sees it. */
export interface Parameter extends Node {
  readonly kind: "parameter";
  /** From 1. */
  readonly number: number;
}

/** `a`, `t.a`, `schema.t.a`; a SUPER's path (`t.a.b[0]`) may begin with any of these, so the binder decides where the column ends. */
export interface ColumnRef extends Node {
  readonly kind: "column";
  readonly parts: readonly string[];
}

/** `*` or `t.*`, in a select list or in count(*); `exclude`: `* EXCLUDE (a, b)`. */
export interface Star extends Node {
  readonly kind: "star";
  readonly qualifier?: QualifiedName;
  readonly exclude?: readonly string[];
}

export interface Unary extends Node {
  readonly kind: "unary";
  /** `prior` (in CONNECT BY alone), `-`, `+`, `not`, `~`, `@` (absolute), `|/` (square root), `||/` (cube root). */
  readonly operator: string;
  readonly operand: Expression;
}

export interface Binary extends Node {
  readonly kind: "binary";
  /**
   * `+ - * / % ^ || & | # << >>`, `= <> < <= > >=`, `~ ~* !~ !~*`; `!=` is written `<>`. An `OPERATOR(pg_catalog.~)` is its bare operator.
   */
  readonly operator: string;
  readonly left: Expression;
  readonly right: Expression;
}

export interface Logical extends Node {
  readonly kind: "and" | "or";
  readonly operands: readonly Expression[];
}

export interface IsTest extends Node {
  readonly kind: "is";
  readonly operand: Expression;
  readonly negated: boolean;
  readonly test:
    | { readonly type: "null" | "true" | "false" | "unknown" }
    | { readonly type: "distinct"; readonly from: Expression };
}

export interface Between extends Node {
  readonly kind: "between";
  readonly operand: Expression;
  readonly low: Expression;
  readonly high: Expression;
  readonly negated: boolean;
}

export interface InList extends Node {
  readonly kind: "in-list";
  readonly operand: Expression;
  readonly items: readonly Expression[];
  readonly negated: boolean;
}

export interface InQuery extends Node {
  readonly kind: "in-query";
  readonly operand: Expression;
  readonly query: Query;
  readonly negated: boolean;
}

export interface Like extends Node {
  readonly kind: "like";
  /** `similar`: SIMILAR TO. */
  readonly operator: "like" | "ilike" | "similar";
  readonly operand: Expression;
  readonly pattern: Expression;
  readonly escape?: Expression;
  readonly negated: boolean;
}

/** `a = ANY (query or array)`, `a <> ALL (...)`. */
export interface Quantified extends Node {
  readonly kind: "quantified";
  readonly operand: Expression;
  readonly operator: string;
  readonly quantifier: "any" | "all";
  readonly over: { readonly query: Query } | { readonly array: Expression };
}

export interface Exists extends Node {
  readonly kind: "exists";
  readonly query: Query;
}

export interface ScalarQuery extends Node {
  readonly kind: "query";
  readonly query: Query;
}

/** `(a, b)` of two or more. */
export interface RowValue extends Node {
  readonly kind: "row";
  readonly items: readonly Expression[];
}

export interface Cast extends Node {
  readonly kind: "cast";
  readonly operand: Expression;
  readonly type: TypeName;
  /** TRY_CAST answers NULL where the value does not fit. */
  readonly try?: boolean;
}

export interface Case extends Node {
  readonly kind: "case";
  readonly operand?: Expression;
  readonly branches: readonly { readonly when: Expression; readonly then: Expression }[];
  readonly otherwise?: Expression;
}

/** Functions, aggregates, windows, and keywords that answer a value (CURRENT_DATE, SYSDATE: no arguments, `bare`). */
export interface Call extends Node {
  readonly kind: "call";
  /** One or two parts (`pg_catalog.version`). `COUNT`, `approximate` as below. */
  readonly name: QualifiedName;
  readonly args: readonly Expression[];
  /** Without parentheses: CURRENT_DATE, CURRENT_USER, SYSDATE, ... */
  readonly bare?: boolean;
  readonly distinct?: boolean;
  /** APPROXIMATE COUNT(DISTINCT x), APPROXIMATE PERCENTILE_DISC. */
  readonly approximate?: boolean;
  /** LISTAGG(...) WITHIN GROUP (ORDER BY ...). */
  readonly withinGroup?: readonly OrderItem[];
  readonly nulls?: "ignore" | "respect";
  readonly over?: WindowSpec;
  /** TRIM(BOTH 'x' FROM y), POSITION(a IN b), SUBSTRING(a FROM b FOR c), OVERLAY ... arrive as plain args in the order of their plain function form; this tells which TRIM. */
  readonly trim?: "both" | "leading" | "trailing";
  /** OBJECT_TRANSFORM(value KEEP path, ... SET path, value, ...): what stands behind the words. */
  readonly transform?: { readonly keep: readonly Expression[]; readonly set: readonly Expression[] };
}

export interface WindowSpec extends Node {
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly OrderItem[];
  readonly frame?: {
    readonly unit: "rows" | "range";
    readonly start: FrameBound;
    readonly end?: FrameBound;
  };
}

export type FrameBound =
  | { readonly type: "unbounded-preceding" | "current-row" | "unbounded-following" }
  | { readonly type: "preceding" | "following"; readonly offset: Expression };

/** EXTRACT(part FROM source). DATE_PART, DATEADD, DATEDIFF, DATE_TRUNC are calls, their bare part (`month`) a string literal. */
export interface Extract extends Node {
  readonly kind: "extract";
  readonly part: string;
  readonly source: Expression;
}

/** `a[0]`: SUPER navigation, or an array of the catalog. */
export interface Subscript extends Node {
  readonly kind: "subscript";
  readonly operand: Expression;
  readonly index: Expression;
}

/** `(expression).name`, or a name behind a subscript: SUPER navigation. */
export interface PathStep extends Node {
  readonly kind: "path";
  readonly operand: Expression;
  readonly name: string;
}

export interface AtTimeZone extends Node {
  readonly kind: "at-time-zone";
  readonly operand: Expression;
  readonly zone: Expression;
}

/** `INTERVAL '1 day'`, `INTERVAL '1' day`, `interval '3' year to month`. */
export interface Interval extends Node {
  readonly kind: "interval";
  readonly text: string;
  /** `day`, `year to month`, ... */
  readonly qualifier?: string;
}

export interface Collate extends Node {
  readonly kind: "collate";
  readonly operand: Expression;
  readonly collation: "case_sensitive" | "case_insensitive";
}

/** ARRAY[...] of PostgreSQL's catalog queries; Redshift's own ARRAY(1, 2) is a call. */
export interface ArrayLiteral extends Node {
  readonly kind: "array";
  readonly items: readonly Expression[] | Query;
}

// -------------------------------------------------------------------- queries

export interface Query extends Node {
  readonly kind: "select-query";
  readonly with: readonly CommonTable[];
  readonly recursive: boolean;
  readonly body: QueryBody;
  readonly orderBy: readonly OrderItem[];
  readonly limit?: Expression;
  readonly offset?: Expression;
}

export type QueryBody = Select | SetOperation | Values | (Query & { readonly parenthesized: true });

export interface CommonTable extends Node {
  readonly name: string;
  readonly columns?: readonly string[];
  readonly query: Query;
}

export interface SetOperation extends Node {
  readonly kind: "set-operation";
  /** MINUS arrives as except. */
  readonly operator: "union" | "intersect" | "except";
  readonly all: boolean;
  readonly left: QueryBody;
  readonly right: QueryBody;
}

export interface Select extends Node {
  readonly kind: "select";
  readonly distinct: boolean;
  /** SELECT TOP n: the query's limit, in another place. */
  readonly top?: Expression;
  readonly items: readonly SelectItem[];
  /** SELECT ... INTO [TEMP] t: a CREATE TABLE AS in other words; only at the outermost level. */
  readonly into?: { readonly name: QualifiedName; readonly temporary: boolean };
  readonly from: readonly TableRef[];
  readonly where?: Expression;
  readonly connectBy?: { readonly startWith?: Expression; readonly condition: Expression };
  readonly groupBy: readonly GroupItem[];
  readonly groupByAll?: boolean;
  readonly having?: Expression;
  readonly qualify?: Expression;
}

export interface SelectItem extends Node {
  readonly expression: Expression;
  readonly alias?: string;
}

export type GroupItem =
  | { readonly type: "expression"; readonly expression: Expression }
  | { readonly type: "rollup" | "cube" | "sets"; readonly sets: readonly (readonly Expression[])[] };

export interface OrderItem extends Node {
  readonly expression: Expression;
  readonly descending: boolean;
  readonly nulls?: "first" | "last";
}

/** VALUES (...), (...): in INSERT only; the binder refuses it elsewhere, as Redshift does. */
export interface Values extends Node {
  readonly kind: "values";
  readonly rows: readonly (readonly (Expression | DefaultValue)[])[];
}

export interface DefaultValue extends Node {
  readonly kind: "default";
}

export type TableRef = TableName | TableQuery | TableFunction | Join | Pivot | Unpivot | ObjectUnpivot;

export interface TableAlias {
  readonly name: string;
  readonly columns?: readonly string[];
}

/** Also a SUPER path to iterate over (`FROM orders o, o.lines l`): the binder decides; `subscript`s make it one for certain. */
export interface TableName extends Node {
  readonly kind: "table";
  readonly name: QualifiedName;
  readonly alias?: TableAlias;
  /** `o.lines AS l AT i`. */
  readonly atAlias?: string;
  /** A path with subscripts, `o.lines[0].items`. */
  readonly path?: Expression;
}

export interface TableQuery extends Node {
  readonly kind: "table-query";
  readonly query: Query;
  /** Redshift takes a subquery without one. */
  readonly alias?: TableAlias;
  readonly lateral: boolean;
}

export interface TableFunction extends Node {
  readonly kind: "table-function";
  readonly call: Call;
  readonly alias?: TableAlias;
  /** `AS t(a int, b text)`: the catalog's pg_get_late_binding_view_cols() and the like. */
  readonly columns?: readonly { readonly name: string; readonly type: TypeName }[];
}

export interface Join extends Node {
  readonly kind: "join";
  readonly type: "inner" | "left" | "right" | "full" | "cross";
  readonly natural: boolean;
  readonly left: TableRef;
  readonly right: TableRef;
  readonly on?: Expression;
  readonly using?: readonly string[];
}

export interface Pivot extends Node {
  readonly kind: "pivot";
  readonly source: TableRef;
  readonly aggregates: readonly SelectItem[];
  readonly column: Expression;
  readonly values: readonly SelectItem[];
  readonly alias?: TableAlias;
}

export interface Unpivot extends Node {
  readonly kind: "unpivot";
  readonly source: TableRef;
  readonly includeNulls: boolean;
  readonly valueColumn: string;
  readonly nameColumn: string;
  readonly columns: readonly SelectItem[];
  readonly alias?: TableAlias;
}

/** `UNPIVOT expression AS value AT name`: iterates over a SUPER object. */
export interface ObjectUnpivot extends Node {
  readonly kind: "object-unpivot";
  readonly expression: Expression;
  readonly valueAlias: string;
  readonly nameAlias?: string;
}

// ----------------------------------------------------------------- statements

export type Statement =
  | QueryStatement
  | Insert
  | Update
  | Delete
  | Merge
  | Truncate
  | CreateTable
  | CreateTableAs
  | CreateView
  | CreateFunction
  | DropFunction
  | CreateMaterializedView
  | RefreshMaterializedView
  | CreateSchema
  | CreateExternalSchema
  | CreateExternalTable
  | AlterTable
  | AlterSchema
  | AlterMaterializedView
  | Drop
  | Copy
  | CopyStdio
  | CopyJob
  | Unload
  | Transaction
  | SetVariable
  | ResetVariable
  | ShowVariable
  | ShowObjects
  | DeclareCursor
  | FetchCursor
  | CloseCursor
  | PrepareStatement
  | ExecuteStatement
  | Deallocate
  | Explain
  | Analyze
  | AnalyzeCompression
  | Vacuum
  | LockTables
  | Comment
  | Grant
  | UserStatement
  | CancelStatement
  | CallProcedure
  | Unsupported;

export interface QueryStatement extends Node {
  readonly kind: "query-statement";
  readonly query: Query;
}

export interface Insert extends Node {
  readonly kind: "insert";
  readonly table: QualifiedName;
  readonly columns?: readonly string[];
  /** Undefined: DEFAULT VALUES. */
  readonly source: Query | undefined;
}

export interface Update extends Node {
  readonly kind: "update";
  readonly with: readonly CommonTable[];
  readonly recursive: boolean;
  readonly table: QualifiedName;
  readonly alias?: string;
  readonly set: readonly { readonly column: string; readonly value: Expression | DefaultValue; readonly at: number }[];
  readonly from: readonly TableRef[];
  readonly where?: Expression;
}

export interface Delete extends Node {
  readonly kind: "delete";
  readonly with: readonly CommonTable[];
  readonly recursive: boolean;
  readonly table: QualifiedName;
  readonly alias?: string;
  readonly using: readonly TableRef[];
  readonly where?: Expression;
}

export interface Merge extends Node {
  readonly kind: "merge";
  readonly target: QualifiedName;
  readonly source: TableName | TableQuery;
  readonly on: Expression;
  readonly matched?: { readonly action: "update"; readonly set: Update["set"] } | { readonly action: "delete" };
  readonly notMatched?: {
    readonly columns?: readonly string[];
    readonly values: readonly (Expression | DefaultValue)[];
  };
  /** The short form MERGE ... REMOVE DUPLICATES. */
  readonly removeDuplicates: boolean;
}

export interface Truncate extends Node {
  readonly kind: "truncate";
  readonly table: QualifiedName;
}

export interface ColumnDefinition extends Node {
  readonly name: string;
  readonly type: TypeName;
  readonly default?: Expression;
  /** The default's own text. */
  readonly defaultText?: string;
  readonly identity?: { readonly seed: number; readonly step: number; readonly byDefault: boolean };
  readonly encode?: string;
  readonly distKey: boolean;
  readonly sortKey: boolean;
  /** NULL said plainly is false, unsaid undefined. */
  readonly notNull?: boolean;
  readonly unique: boolean;
  readonly primaryKey: boolean;
  readonly references?: ForeignKeyTarget;
  readonly collate?: string;
}

export interface ForeignKeyTarget {
  readonly table: QualifiedName;
  readonly columns?: readonly string[];
}

export type TableConstraint =
  | { readonly type: "unique" | "primary-key"; readonly name?: string; readonly columns: readonly string[] }
  | {
      readonly type: "foreign-key";
      readonly name?: string;
      readonly columns: readonly string[];
      readonly references: ForeignKeyTarget;
    };

export interface TableAttributes {
  readonly distStyle?: "auto" | "even" | "key" | "all";
  readonly distKey?: string;
  readonly sortKey?:
    | { readonly style: "compound" | "interleaved"; readonly columns: readonly string[] }
    | { readonly style: "auto" }
    | { readonly style: "none" };
  readonly encodeAuto?: boolean;
  readonly backup?: boolean;
}

export interface CreateTable extends Node {
  readonly kind: "create-table";
  readonly name: QualifiedName;
  readonly temporary: boolean;
  readonly ifNotExists: boolean;
  /** LIKE may stand among the columns. */
  readonly elements: readonly (
    | ({ readonly element: "column" } & ColumnDefinition)
    | { readonly element: "constraint"; readonly constraint: TableConstraint; readonly at: number }
    | {
        readonly element: "like";
        readonly table: QualifiedName;
        readonly includingDefaults: boolean;
        readonly at: number;
      }
  )[];
  readonly attributes: TableAttributes;
}

export interface CreateTableAs extends Node {
  readonly kind: "create-table-as";
  readonly name: QualifiedName;
  readonly temporary: boolean;
  readonly ifNotExists: boolean;
  readonly columns?: readonly string[];
  readonly attributes: TableAttributes;
  readonly query: Query;
}

export interface CreateView extends Node {
  readonly kind: "create-view";
  readonly name: QualifiedName;
  readonly orReplace: boolean;
  readonly columns?: readonly string[];
  readonly query: Query;
  /** The query's own text, which pg_get_viewdef shows. */
  readonly queryText: string;
  /** WITH NO SCHEMA BINDING. */
  readonly lateBinding: boolean;
}

export interface CreateFunction extends Node {
  readonly kind: "create-function";
  readonly name: QualifiedName;
  readonly orReplace: boolean;
  readonly arguments: readonly TypeName[];
  readonly returns: TypeName;
  readonly volatility: "volatile" | "stable" | "immutable";
  /** What stands between the dollars. */
  readonly body: string;
}

export interface DropFunction extends Node {
  readonly kind: "drop-function";
  readonly name: QualifiedName;
  readonly arguments: readonly TypeName[];
  readonly ifExists: boolean;
}

export interface CreateMaterializedView extends Node {
  readonly kind: "create-materialized-view";
  readonly name: QualifiedName;
  readonly attributes: TableAttributes;
  readonly autoRefresh: boolean;
  readonly query: Query;
  readonly queryText: string;
}

export interface RefreshMaterializedView extends Node {
  readonly kind: "refresh-materialized-view";
  readonly name: QualifiedName;
  readonly restrict?: "restrict" | "cascade";
}

export interface CreateSchema extends Node {
  readonly kind: "create-schema";
  readonly name: string;
  readonly ifNotExists: boolean;
  readonly authorization?: string;
  readonly quota?: string;
}

export interface CreateExternalSchema extends Node {
  readonly kind: "create-external-schema";
  readonly name: string;
  readonly ifNotExists: boolean;
  /** `data catalog`, `kinesis`, `hive metastore`, `postgres`, `mysql`, `redshift`, `msk`, `kafka`. */
  readonly from: string;
  /** DATABASE, REGION, IAM_ROLE, URI, ... upper case, with their text. */
  readonly options: Readonly<Record<string, string>>;
  readonly createDatabase: boolean;
}

export interface CreateExternalTable extends Node {
  readonly kind: "create-external-table";
  readonly name: QualifiedName;
  readonly columns: readonly { readonly name: string; readonly type: TypeName }[];
  readonly partitionedBy: readonly { readonly name: string; readonly type: TypeName }[];
  readonly rowFormat?: string;
  readonly storedAs?: string;
  readonly location: string;
  readonly properties: Readonly<Record<string, string>>;
  /** CREATE EXTERNAL TABLE ... AS. */
  readonly query?: Query;
}

export type AlterTableAction =
  | { readonly type: "add-column"; readonly column: ColumnDefinition }
  | { readonly type: "drop-column"; readonly column: string; readonly behavior?: "restrict" | "cascade" }
  | { readonly type: "rename-table"; readonly to: string }
  | { readonly type: "rename-column"; readonly column: string; readonly to: string }
  | { readonly type: "alter-type"; readonly column: string; readonly to: TypeName }
  | { readonly type: "alter-encode"; readonly columns: readonly { readonly column: string; readonly encode: string }[] }
  | { readonly type: "alter-attributes"; readonly attributes: TableAttributes }
  | { readonly type: "add-constraint"; readonly constraint: TableConstraint }
  | { readonly type: "drop-constraint"; readonly name: string; readonly behavior?: "restrict" | "cascade" }
  | { readonly type: "owner"; readonly to: string }
  | { readonly type: "set-schema"; readonly to: string }
  | {
      readonly type: "append";
      readonly from: QualifiedName;
      readonly ignoreExtra: boolean;
      readonly fillTarget: boolean;
    }
  | {
      readonly type: "add-partition";
      readonly ifNotExists: boolean;
      readonly values: Readonly<Record<string, string>>;
      readonly location: string;
      /** Further ones that the same statement adds. */
      readonly more?: readonly { readonly values: Readonly<Record<string, string>>; readonly location: string }[];
    }
  | { readonly type: "drop-partition"; readonly values: Readonly<Record<string, string>> }
  | { readonly type: "set-property"; readonly properties: Readonly<Record<string, string>> };

export interface AlterTable extends Node {
  readonly kind: "alter-table";
  readonly name: QualifiedName;
  /** ALTER VIEW and ALTER TABLE share the tree; `view` tells. */
  readonly view: boolean;
  readonly action: AlterTableAction;
}

export interface AlterSchema extends Node {
  readonly kind: "alter-schema";
  readonly name: string;
  readonly action:
    | { readonly type: "rename"; readonly to: string }
    | { readonly type: "owner"; readonly to: string }
    | { readonly type: "quota"; readonly to: string };
}

export interface AlterMaterializedView extends Node {
  readonly kind: "alter-materialized-view";
  readonly name: QualifiedName;
  readonly action: AlterTableAction | { readonly type: "auto-refresh"; readonly on: boolean };
}

export interface Drop extends Node {
  readonly kind: "drop";
  readonly object: "table" | "view" | "materialized-view" | "schema";
  /** A schema's name has one part. */
  readonly names: readonly QualifiedName[];
  readonly ifExists: boolean;
  readonly behavior?: "restrict" | "cascade";
  /** DROP SCHEMA ... DROP EXTERNAL DATABASE. */
  readonly externalDatabase?: boolean;
}

/** A COPY or UNLOAD option as written: the name in lower case with its words joined by one blank, its values as text, number or list. */
export interface LoadOption extends Node {
  /** `format`, `csv`, `json`, `parquet`, `delimiter`, `ignoreheader`, `null`, `iam_role`, `credentials`, `maxerror`, `region`, `manifest`, ... */
  readonly name: string;
  readonly values: readonly (string | number | boolean)[];
}

export interface Copy extends Node {
  readonly kind: "copy";
  readonly table: QualifiedName;
  readonly columns?: readonly string[];
  /** `s3://bucket/prefix`, `emr://`, `dynamodb://`, `ssh`. */
  readonly from: string;
  readonly options: readonly LoadOption[];
}

/** PostgreSQL's COPY ... FROM STDIN | TO STDOUT, which psql's \copy sends. */
export interface CopyStdio extends Node {
  readonly kind: "copy-stdio";
  readonly direction: "in" | "out";
  readonly table?: QualifiedName;
  readonly columns?: readonly string[];
  /** COPY (query) TO STDOUT. */
  readonly query?: Query;
  readonly options: readonly LoadOption[];
}

/** COPY ... JOB CREATE name [AUTO ON | OFF], and COPY JOB CREATE | RUN | DROP | ALTER | SHOW name | LIST. */
export interface CopyJob extends Node {
  readonly kind: "copy-job";
  readonly action: "create" | "run" | "drop" | "alter" | "show" | "list";
  readonly name?: string;
  /** For create and alter. */
  readonly copy?: Copy;
  readonly auto?: boolean;
}

export interface Unload extends Node {
  readonly kind: "unload";
  readonly query: Query;
  readonly queryText: string;
  readonly to: string;
  readonly options: readonly LoadOption[];
}

export interface Transaction extends Node {
  readonly kind: "transaction";
  readonly action: "begin" | "commit" | "rollback";
  /** READ ONLY, READ WRITE, ISOLATION LEVEL ... */
  readonly readOnly?: boolean;
  readonly isolation?: string;
}

export interface SetVariable extends Node {
  readonly kind: "set";
  /** `search_path`, `my.setting`; SET TIME ZONE is `timezone`, SET SESSION CHARACTERISTICS AS TRANSACTION ... `default_transaction_isolation`, SET [SESSION] AUTHORIZATION `session_authorization`, SET ROLE `role`. */
  readonly name: string;
  readonly local: boolean;
  /** Undefined: TO DEFAULT. */
  readonly values: readonly string[] | undefined;
}

export interface ResetVariable extends Node {
  readonly kind: "reset";
  /** Undefined: ALL. */
  readonly name: string | undefined;
}

export interface ShowVariable extends Node {
  readonly kind: "show";
  /** `all`, or a setting's name. */
  readonly name: string;
}

/** SHOW DATABASES | SCHEMAS FROM DATABASE d | TABLES FROM SCHEMA d.s [LIKE p] | COLUMNS FROM TABLE d.s.t | VIEW v | TABLE t | GRANTS ... | PROCEDURES | ... */
export interface ShowObjects extends Node {
  readonly kind: "show-objects";
  readonly object: string;
  readonly from?: QualifiedName;
  readonly like?: string;
  readonly limit?: number;
}

export interface DeclareCursor extends Node {
  readonly kind: "declare";
  readonly name: string;
  readonly query: Query;
}

export interface FetchCursor extends Node {
  readonly kind: "fetch";
  readonly name: string;
  /** FETCH [NEXT] is 1, FORWARD n is n. */
  readonly count: number | "all";
}

export interface CloseCursor extends Node {
  readonly kind: "close";
  /** Undefined: ALL. */
  readonly name: string | undefined;
}

export interface PrepareStatement extends Node {
  readonly kind: "prepare";
  readonly name: string;
  readonly types: readonly TypeName[];
  readonly statement: Statement;
  /** The inner statement's own text. */
  readonly statementText: string;
}

export interface ExecuteStatement extends Node {
  readonly kind: "execute";
  readonly name: string;
  readonly args: readonly Expression[];
}

export interface Deallocate extends Node {
  readonly kind: "deallocate";
  readonly name: string | undefined;
}

export interface Explain extends Node {
  readonly kind: "explain";
  readonly verbose: boolean;
  readonly analyze: boolean;
  readonly statement: Statement;
}

export interface Analyze extends Node {
  readonly kind: "analyze";
  readonly table?: QualifiedName;
  readonly columns?: readonly string[];
}

export interface AnalyzeCompression extends Node {
  readonly kind: "analyze-compression";
  readonly table?: QualifiedName;
  readonly columns?: readonly string[];
  readonly compRows?: number;
}

export interface Vacuum extends Node {
  readonly kind: "vacuum";
  readonly mode: "full" | "sort only" | "delete only" | "reindex" | "recluster";
  readonly table?: QualifiedName;
  readonly boost: boolean;
}

export interface LockTables extends Node {
  readonly kind: "lock";
  readonly tables: readonly QualifiedName[];
}

export interface Comment extends Node {
  readonly kind: "comment";
  readonly object: "table" | "view" | "column" | "schema" | "database" | "constraint";
  /** For a column its table's parts and then its own name. */
  readonly name: QualifiedName;
  /** NULL removes it. */
  readonly text: string | undefined;
}

/** GRANT, REVOKE and ALTER DEFAULT PRIVILEGES. */
export interface Grant extends Node {
  readonly kind: "grant" | "revoke";
  /** As written, in lower case: `select`, `all privileges`, `role analyst`. */
  readonly privileges: readonly string[];
  /** Columns were named behind a privilege. */
  readonly onColumns: boolean;
  readonly object?: {
    readonly type: string;
    readonly names: readonly QualifiedName[];
    /** `all`: ALL TABLES IN SCHEMA, those that are there; `scope`: FOR TABLES IN SCHEMA, those to come too. The word is `tables`, `functions`, ... */
    readonly every?: { readonly of: "all" | "scope"; readonly what: string };
  };
  /** WITH GRANT OPTION; of a REVOKE, GRANT OPTION FOR. */
  readonly grantOption: boolean;
  /** ASSUMEROLE: what for. */
  readonly commands?: readonly string[];
  /** Of objects that are yet to be made: by whom, and where. */
  readonly defaults?: { readonly users: readonly string[]; readonly schemas: readonly QualifiedName[] };
  readonly grantees: readonly { readonly type: "user" | "group" | "role" | "public"; readonly name: string }[];
}

/** CREATE | ALTER | DROP USER, GROUP, ROLE. */
export interface UserStatement extends Node {
  readonly kind: "user";
  readonly action: "create" | "alter" | "drop";
  readonly object: "user" | "group" | "role";
  readonly name: string;
  readonly ifExists: boolean;
  /** ALTER ... RENAME TO. */
  readonly renameTo?: string;
  /** CREATEUSER, NOCREATEUSER. */
  readonly superuser?: boolean;
  /** Of a user the groups that it is to be in; of a group its users. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** CANCEL pid. */
export interface CancelStatement extends Node {
  readonly kind: "cancel";
  readonly processId: number;
}

export interface CallProcedure extends Node {
  readonly kind: "call-procedure";
  readonly name: QualifiedName;
  readonly args: readonly Expression[];
}

/** A statement of Redshift's that Penstock knows and does not carry out (CREATE FUNCTION, CREATE MODEL, CREATE DATASHARE, ...). */
export interface Unsupported extends Node {
  readonly kind: "unsupported";
  /** `CREATE FUNCTION`. */
  readonly what: string;
}
