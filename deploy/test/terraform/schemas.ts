/** A provider's schemas as `terraform providers schema -json` has them, which the stand-in reads. */
type Type = string | readonly [string, Type];

export interface AttributeSchema {
  readonly type?: Type;
  readonly nested_type?: {
    readonly nesting_mode: string;
    readonly attributes: Readonly<Record<string, AttributeSchema>>;
  };
  readonly required?: boolean;
  readonly optional?: boolean;
  readonly computed?: boolean;
}

export interface BlockSchema {
  readonly attributes?: Readonly<Record<string, AttributeSchema>>;
  readonly block_types?: Readonly<
    Record<string, { readonly nesting_mode: string; readonly block: BlockSchema; readonly max_items?: number }>
  >;
}

type Blocks = Readonly<Record<string, { readonly block: BlockSchema }>>;

export interface ProviderSchemas {
  readonly source: string;
  readonly provider: { readonly block: BlockSchema };
  readonly resource_schemas: Blocks;
  readonly data_source_schemas: Blocks;
  /** What a data source finds, by its type. */
  readonly found?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}
