/**
 * What Terraform's own `validate` would say of a configuration, as far as it can be said without its providers: every reference leads to a block that is there,
 * names an attribute that the type has, every expression is balanced, and nothing of CloudFormation is left. The types are CloudFormation's own, from which awscc is generated.
 */
import { attributeName } from "../src/terraform/names.js";
import { type PropertyType, propertyTypes } from "../src/terraform/property-types.js";

type Values = Readonly<Record<string, unknown>>;

/** Of the providers' resources that CloudFormation has no word for: what they export, as their documentation says. */
const EXPORTED: Readonly<Record<string, readonly string[]>> = {
  aws_s3_bucket: ["bucket", "bucket_regional_domain_name"],
  aws_s3_object: ["bucket", "key"],
  aws_iam_role_policy: ["id"],
  aws_sqs_queue_policy: ["id"],
  aws_glue_catalog_table: ["id"],
  aws_cloudformation_stack: ["id", "outputs"],
};
const DATA: Readonly<Record<string, readonly string[]>> = {
  aws_caller_identity: ["account_id"],
  aws_region: ["region"],
  aws_partition: ["partition", "dns_suffix"],
  aws_availability_zones: ["names"],
  archive_file: ["output_path", "output_base64sha256"],
};

export function terraformProblems(configuration: Values, types: ReadonlyMap<string, string>): string[] {
  const problems: string[] = [];
  const resources = configuration.resource as Readonly<Record<string, Readonly<Record<string, Values>>>>;
  const variables = configuration.variable as Values;
  const data = configuration.data as Readonly<Record<string, Values>>;

  const referenced = (where: string, text: string) => {
    for (const [whole, name] of text.matchAll(/\bvar\.([A-Za-z0-9_]+)/g)) {
      if (!(name! in variables)) problems.push(`${where}: ${whole} is no variable`);
    }
    for (const [whole, type, name, attribute] of text.matchAll(
      /\bdata\.([a-z0-9_]+)\.([A-Za-z0-9_]+)\.([a-z0-9_]+)/g,
    )) {
      if (data[type!]?.[name!] === undefined) problems.push(`${where}: ${whole} is no data block`);
      else if (!DATA[type!]?.includes(attribute!)) problems.push(`${where}: ${whole} is no attribute of ${type}`);
    }
    const own = text.replaceAll(/\bdata\.[a-z0-9_.A-Z]+/g, "");
    for (const [whole, type, name, attribute] of own.matchAll(
      /\b(aws[a-z]*_[a-z0-9_]+)\.([A-Za-z0-9_]+)((?:\.[a-z0-9_]+)*)/g,
    )) {
      if (resources[type!]?.[name!] === undefined) problems.push(`${where}: ${whole} is no resource`);
      else if (attribute !== "" && !hasAttribute(type!, attribute!.slice(1))) {
        problems.push(`${where}: ${whole} is no attribute of ${type}`);
      }
    }
  };
  const hasAttribute = (type: string, attribute: string) => {
    const exported = EXPORTED[type];
    if (exported !== undefined) return exported.includes(attribute);
    const known = propertyTypes().resource(types.get(type) ?? "");
    const names = [...(known?.attributes ?? []), ...(known?.properties.keys() ?? []), ...(known?.identity ?? [])];
    return names.some((name) => name.split(".").map(attributeName).join(".") === attribute);
  };
  const visit = (where: string, value: unknown) => {
    if (typeof value === "string") {
      for (const code of codeOf(value)) {
        if (!balanced(code)) problems.push(`${where}: ${JSON.stringify(code)} is not balanced`);
        referenced(where, withoutText(code));
      }
      if (where.includes(".depends_on[")) referenced(where, value);
      if (/AWS::(?!\w+::)|"Ref"|Fn::/.test(value))
        problems.push(`${where}: CloudFormation is left in ${value.slice(0, 200)}`);
    } else if (Array.isArray(value)) {
      for (const [index, one] of value.entries()) visit(`${where}[${index}]`, one);
    } else if (typeof value === "object" && value !== null) {
      for (const [name, one] of Object.entries(value)) {
        if (name === "Ref" || name.startsWith("Fn::")) problems.push(`${where}: ${name} is left`);
        visit(`${where}.${name}`, one);
      }
    }
  };
  for (const section of ["resource", "output", "data", "locals"]) visit(section, configuration[section]);

  for (const [type, named] of Object.entries(resources)) {
    if (type in EXPORTED || !type.startsWith("awscc_")) continue;
    const cloudType = types.get(type);
    const known = cloudType === undefined ? undefined : propertyTypes().resource(cloudType);
    if (known === undefined) problems.push(`${type}: no type of CloudFormation's has this name`);
    else for (const [name, values] of Object.entries(named)) shape(`${type}.${name}`, values, known.properties);
  }
  return problems;

  function shape(where: string, values: Values, properties: ReadonlyMap<string, PropertyType>): void {
    const known = new Map([...properties].map(([name, type]) => [attributeName(name), type]));
    for (const [name, value] of Object.entries(values)) {
      if (name === "depends_on" || name === "lifecycle") continue;
      const type = known.get(name);
      if (type === undefined) problems.push(`${where}: no attribute ${name}`);
      else fits(`${where}.${name}`, value, type);
    }
  }

  function fits(where: string, value: unknown, type: PropertyType): void {
    if (typeof value === "string" && value.includes("${") && type.type !== "json") return;
    const wrong = (what: string) => problems.push(`${where}: ${JSON.stringify(value)?.slice(0, 80)} is no ${what}`);
    switch (type.type) {
      case "string":
      case "json":
        if (typeof value === "object") wrong("text");
        return;
      case "boolean":
        if (typeof value !== "boolean" && value !== "true" && value !== "false") wrong("boolean");
        return;
      case "integer":
      case "number":
        if (Number.isNaN(Number(value))) wrong("number");
        return;
      case "array":
        if (!Array.isArray(value)) wrong("list");
        else for (const [index, one] of value.entries()) fits(`${where}[${index}]`, one, type.element);
        return;
      case "ref": {
        const definition = propertyTypes().definition(type.reference.$ref);
        if (typeof value !== "object" || value === null) wrong("object");
        else if (definition !== undefined) shape(where, value as Values, definition);
        return;
      }
      default:
    }
  }
}

/** The expressions in a template. */
function codeOf(text: string): string[] {
  const found: string[] = [];
  for (let at = 0; at < text.length; at++) {
    if (text.startsWith("$${", at) || text.startsWith("%%{", at)) {
      at += 2;
    } else if (text.startsWith("${", at)) {
      const end = endOf(text, at + 2);
      found.push(text.slice(at + 2, end));
      at = end;
    }
  }
  return found;
}

/** Of the brace that closes what begins here. */
function endOf(text: string, start: number): number {
  let depth = 1;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (char === '"') at = endOfQuote(text, at + 1);
    else if (char === "{") depth++;
    else if (char === "}" && --depth === 0) return at;
  }
  return text.length;
}

function endOfQuote(text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text.startsWith("$${", at)) at += 2;
    else if (text.startsWith("${", at)) at = endOf(text, at + 2);
    else if (text[at] === '"') return at;
  }
  return text.length;
}

function balanced(code: string): boolean {
  const open: string[] = [];
  const closes: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };
  for (let at = 0; at < code.length; at++) {
    const char = code[at]!;
    if (char === '"') {
      at = endOfQuote(code, at + 1);
      if (at >= code.length) return false;
    } else if ("([{".includes(char)) open.push(char);
    else if (char in closes && open.pop() !== closes[char]) return false;
  }
  return open.length === 0;
}

/** The code alone, and that within texts. */
function withoutText(code: string): string {
  let kept = "";
  for (let at = 0; at < code.length; at++) {
    if (code[at] !== '"') {
      kept += code[at];
      continue;
    }
    const end = endOfQuote(code, at + 1);
    kept += ` ${codeOf(code.slice(at + 1, end))
      .map(withoutText)
      .join(" ")} `;
    at = end;
  }
  return kept;
}
