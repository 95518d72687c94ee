/** Statements that were run from this browser, newest first. What everybody asked is in sys_query_history. */
const STORED = "penstock.sql.history";
const DRAFT = "penstock.sql.draft";
const KEPT = 100;

export interface Asked {
  readonly sql: string;
  readonly atMs: number;
  readonly outcome: string;
}

export function readHistory(): readonly Asked[] {
  return stored<readonly Asked[]>(STORED, (value) => Array.isArray(value)) ?? [];
}

export function remember(asked: Asked): readonly Asked[] {
  const all = [asked, ...readHistory().filter(({ sql }) => sql !== asked.sql)].slice(0, KEPT);
  store(STORED, all);
  return all;
}

export function readDraft(): string | undefined {
  return stored<string>(DRAFT, (value) => typeof value === "string");
}

export function keepDraft(text: string): void {
  store(DRAFT, text);
}

function stored<T>(key: string, fits: (value: unknown) => boolean): T | undefined {
  try {
    const value: unknown = JSON.parse(window.localStorage.getItem(key) ?? "null");
    return fits(value) ? (value as T) : undefined;
  } catch {
    return undefined;
  }
}

function store(key: string, value: unknown): void {
  try {
    window.localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // A browser that keeps nothing forgets it.
  }
}
