/** Of the providers aws (6) and archive (2): the few resources that the translation takes from them, as their documentation describes them. */
import type { AttributeSchema, BlockSchema, ProviderSchemas } from "./schemas.js";

/** `role! policy! name? arn` : required, required, optional, computed; a type other than text stands after a colon. */
function attributes(text: string): Record<string, AttributeSchema> {
  return Object.fromEntries(
    text
      .trim()
      .split(/\s+/)
      .map((word) => {
        const [, name = "", mark, type = "string"] = /^(\w+)([!?*])?(?::(.+))?$/.exec(word) ?? [];
        const [outer = "", element] = type.split("-");
        const schema: AttributeSchema = {
          type: element === undefined ? outer : [outer, element],
          required: mark === "!",
          optional: mark === "?" || mark === "*",
          // With a star it may be given, and is computed where it is not.
          computed: mark === undefined || mark === "*",
        };
        return [name, schema];
      }),
  );
}

const resource = (text: string, block_types: BlockSchema["block_types"] = {}) => ({
  block: { attributes: attributes(`id ${text}`), block_types },
});
const blocks = (text: string, max_items = 0, block_types: BlockSchema["block_types"] = {}) => ({
  nesting_mode: "list",
  max_items,
  block: { attributes: attributes(text), block_types },
});

const COLUMN = "name! type? comment? parameters?:map-string";

export const AWS: ProviderSchemas = {
  source: "registry.terraform.io/hashicorp/aws",
  provider: { block: { attributes: attributes("region? profile? allowed_account_ids?:set-string") } },
  resource_schemas: {
    aws_cloudformation_stack: resource(
      `region* name! template_body* template_url? parameters*:map-string capabilities?:set-string disable_rollback?:bool iam_role_arn?
       notification_arns?:set-string on_failure? outputs:map-string policy_body* policy_url? tags?:map-string tags_all*:map-string
       timeout_in_minutes?:number`,
      { timeouts: { nesting_mode: "single", block: { attributes: attributes("create? update? delete?") } } },
    ),
    aws_glue_catalog_table: resource(
      `arn region* catalog_id* database_name! name! description? owner? parameters?:map-string retention?:number table_type?
       view_expanded_text? view_original_text?`,
      {
        partition_keys: blocks(COLUMN),
        storage_descriptor: blocks(
          `additional_locations?:list-string bucket_columns?:list-string compressed?:bool input_format? location? number_of_buckets?:number output_format?
           parameters?:map-string stored_as_sub_directories?:bool`,
          1,
          {
            columns: blocks(COLUMN),
            ser_de_info: blocks("name? parameters?:map-string serialization_library?", 1),
            sort_columns: blocks("column! sort_order!:number"),
          },
        ),
      },
    ),
    aws_iam_role_policy: resource("name* name_prefix* policy! role!"),
    aws_s3_bucket: resource(
      `arn region* bucket* bucket_prefix* force_destroy?:bool object_lock_enabled*:bool tags?:map-string tags_all*:map-string
       bucket_domain_name bucket_region bucket_regional_domain_name hosted_zone_id`,
    ),
    aws_s3_bucket_public_access_block: resource(
      `region* bucket! block_public_acls?:bool block_public_policy?:bool ignore_public_acls?:bool restrict_public_buckets?:bool skip_destroy?:bool`,
    ),
    aws_s3_object: resource(
      `arn region* bucket! key! source? source_hash? content? content_base64? content_type* etag* force_destroy?:bool kms_key_id*
       server_side_encryption* storage_class* tags?:map-string tags_all*:map-string version_id`,
    ),
    aws_sqs_queue_policy: resource("region* queue_url! policy!"),
  },
  data_source_schemas: {
    aws_availability_zones: resource(
      `region* state? all_availability_zones?:bool exclude_names?:set-string exclude_zone_ids?:set-string group_names:set-string
       names:list-string zone_ids:list-string`,
    ),
    aws_caller_identity: resource("account_id arn user_id"),
    aws_partition: resource("dns_suffix partition reverse_dns_prefix"),
    aws_region: resource("region* name* endpoint* description"),
  },
  found: {
    aws_availability_zones: { names: ["us-east-1a", "us-east-1b", "us-east-1c"] },
    aws_caller_identity: { account_id: "123456789012" },
    aws_partition: { dns_suffix: "amazonaws.com", partition: "aws" },
    aws_region: { region: "us-east-1", name: "us-east-1" },
  },
};

export const ARCHIVE: ProviderSchemas = {
  source: "registry.terraform.io/hashicorp/archive",
  provider: { block: {} },
  resource_schemas: {},
  data_source_schemas: {
    archive_file: resource(
      `type! output_path! source_dir? source_file? source_content? source_content_filename? excludes?:set-string exclude_symlink_directories?:bool
       output_file_mode? output_base64sha256 output_base64sha512 output_md5 output_sha output_sha256 output_sha512 output_size:number`,
    ),
  },
};
