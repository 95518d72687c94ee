/**
 * The input of an operation, described once: its members' types, in the order in which the service checks them, and their
 * constraints in the service's own words. TypeScript's type of the input is inferred from it.
 */
export interface Check<T> {
  readonly text: string;
  holds(value: T): boolean;
}

export type Kind = "Boolean" | "Integer" | "Double" | "String" | "Blob" | "Timestamp" | "List" | "Map" | "Structure";

export interface Shape<T = unknown, R extends boolean = boolean> {
  readonly kind: Kind;
  readonly required: R;
  /** Required only where this sibling is absent too: StreamName beside StreamARN. */
  readonly unless?: string;
  readonly checks: readonly Check<T>[];
  readonly members?: Readonly<Record<string, Shape>>;
  readonly member?: Shape;
  /** How the service prints a member of this list; without it, the member itself. */
  readonly memberText?: string;
}

/** Named by its kind alone: any more would keep the compiler from seeing which members are required. */
export type Members = Readonly<Record<string, { readonly kind: Kind }>>;

export type InputOf<M> = {
  readonly [K in keyof M]: M[K] extends Shape<infer T, infer R> ? (R extends true ? T : T | undefined) : never;
};

interface Presence<R extends boolean> {
  readonly required?: R;
  readonly unless?: string;
}

export interface StringRules {
  readonly pattern?: string;
  readonly min?: number;
  readonly max?: number;
  readonly oneOf?: readonly string[];
}

function shape<T, R extends boolean>(kind: Kind, presence: Presence<R>, checks: readonly Check<T>[]): Shape<T, R> {
  const base = { kind, required: (presence.required ?? false) as R, checks };
  return presence.unless === undefined ? base : { ...base, unless: presence.unless };
}

const lengthAtLeast = (min: number): Check<{ readonly length: number }> => ({
  text: `Member must have length greater than or equal to ${min}`,
  holds: (value) => value.length >= min,
});

const lengthAtMost = (max: number): Check<{ readonly length: number }> => ({
  text: `Member must have length less than or equal to ${max}`,
  holds: (value) => value.length <= max,
});

const lengthsText = (min: number, max: number) =>
  `[Member must have length less than or equal to ${max}, Member must have length greater than or equal to ${min}]`;

export function string<R extends boolean = false>(rules: StringRules & Presence<R> = {}): Shape<string, R> {
  const { pattern, min, max, oneOf } = rules;
  const checks: Check<string>[] = [];
  if (oneOf !== undefined) {
    const text = `Member must satisfy enum value set: [${oneOf.join(", ")}]`;
    checks.push({ text, holds: (value) => oneOf.includes(value) });
  }
  if (pattern !== undefined) {
    const expression = new RegExp(`^(?:${pattern})$`);
    const text = `Member must satisfy regular expression pattern: ${pattern}`;
    checks.push({ text, holds: (value) => expression.test(value) });
  }
  if (min !== undefined) checks.push(lengthAtLeast(min));
  if (max !== undefined) checks.push(lengthAtMost(max));
  return shape("String", rules, checks);
}

export function integer<R extends boolean = false>(
  rules: { readonly min?: number; readonly max?: number; readonly printedMax?: number } & Presence<R> = {},
): Shape<number, R> {
  const { min, max, printedMax = max } = rules;
  const checks: Check<number>[] = [];
  if (min !== undefined) {
    checks.push({
      text: `Member must have value greater than or equal to ${min}`,
      holds: (value) => value >= min,
    });
  }
  if (max !== undefined) {
    checks.push({ text: `Member must have value less than or equal to ${printedMax}`, holds: (value) => value <= max });
  }
  return shape("Integer", rules, checks);
}

export function boolean(): Shape<boolean, false> {
  return shape("Boolean", {}, []);
}

/** Milliseconds since the epoch, once decoded. */
export function timestamp<R extends boolean = false>(presence: Presence<R> = {}): Shape<number, R> {
  return shape("Timestamp", presence, []);
}

export function blob<R extends boolean = false>(
  rules: { readonly max?: number } & Presence<R> = {},
): Shape<Uint8Array, R> {
  return shape("Blob", rules, rules.max === undefined ? [] : [lengthAtMost(rules.max)]);
}

export interface ListRules {
  readonly min?: number;
  readonly max?: number;
  /** The least and the most characters of each member. */
  readonly memberLengths?: readonly [number, number];
  readonly memberText?: string;
}

export function list<T, R extends boolean = false>(
  member: Shape<T>,
  rules: ListRules & Presence<R> = {},
): Shape<readonly T[], R> {
  const checks: Check<readonly T[]>[] = [];
  if (rules.min !== undefined) checks.push(lengthAtLeast(rules.min));
  if (rules.max !== undefined) checks.push(lengthAtMost(rules.max));
  if (rules.memberLengths !== undefined) {
    const [min, max] = rules.memberLengths;
    checks.push({
      text: `Member must satisfy constraint: ${lengthsText(min, max)}`,
      holds: (values) => values.every((value) => within(value, min, max)),
    });
  }
  const base = { ...shape<readonly T[], R>("List", rules, checks), member: member as Shape };
  return rules.memberText === undefined ? base : { ...base, memberText: rules.memberText };
}

export interface MapRules {
  readonly min?: number;
  readonly max?: number;
  readonly keyLengths?: readonly [number, number];
  readonly valueLengths?: readonly [number, number];
}

export function map<R extends boolean = false>(
  rules: MapRules & Presence<R> = {},
): Shape<ReadonlyMap<string, string>, R> {
  const checks: Check<ReadonlyMap<string, string>>[] = [];
  const { min, max, keyLengths, valueLengths } = rules;
  if (min !== undefined) checks.push({ text: lengthAtLeast(min).text, holds: (value) => value.size >= min });
  if (max !== undefined) checks.push({ text: lengthAtMost(max).text, holds: (value) => value.size <= max });
  if (keyLengths !== undefined) {
    checks.push({
      text: `Map keys must satisfy constraint: ${lengthsText(...keyLengths)}`,
      holds: (value) => [...value.keys()].every((key) => within(key, ...keyLengths)),
    });
  }
  if (valueLengths !== undefined) {
    checks.push({
      text: `Map value must satisfy constraint: ${lengthsText(...valueLengths)}`,
      holds: (value) => [...value.values()].every((one) => within(one, ...valueLengths)),
    });
  }
  return { ...shape<ReadonlyMap<string, string>, R>("Map", rules, checks), member: string() as Shape };
}

export function structure<M extends Members, R extends boolean = false>(
  members: M,
  presence: Presence<R> = {},
): Shape<InputOf<M>, R> {
  return {
    ...shape<InputOf<M>, R>("Structure", presence, []),
    members: members as unknown as Readonly<Record<string, Shape>>,
  };
}

function within(value: unknown, min: number, max: number): boolean {
  return typeof value !== "string" || (value.length >= min && value.length <= max);
}
