/** What the Data API's operations work with. */
import type { Clock } from "../../core/clock.js";
import type { SqlDatabase } from "../../redshift/database.js";
import type { Call } from "../aws/service.js";
import { invalid, statementNotFound } from "./errors.js";
import type { Waiter } from "./request.js";
import type { Part, Statement } from "./statement.js";
import type { Statements } from "./statements.js";

export interface DataApiContext {
  readonly database: SqlDatabase;
  readonly statements: Statements;
  readonly clock: Clock;
  readonly wait: Waiter;
}

/** `uuid`, or `uuid:2` for the second statement of a batch. */
export function findStatement(
  context: DataApiContext,
  id: string,
  call: Pick<Call, "caller">,
): { statement: Statement; part: Part | undefined } {
  const [whole = "", number] = id.split(":");
  const statement = context.statements.find(whole);
  if (statement === undefined || !maySee(context, call, statement.submission)) throw statementNotFound(id);
  if (number === undefined) return { statement, part: undefined };
  const part = statement.submission.batch ? statement.parts[Number(number) - 1] : undefined;
  if (part === undefined) throw statementNotFound(id);
  return { statement, part };
}

/** What others have sent is a superuser's to see. */
export function maySee(
  { database }: Pick<DataApiContext, "database">,
  { caller }: Pick<Call, "caller">,
  of: { readonly caller?: string },
): boolean {
  return caller === undefined || of.caller === caller || database.isSuperuser(caller);
}

/** Pages through what is there, in an order that does not change meanwhile; `of` ties a token to its request. */
export function pageOf<T>(
  items: readonly T[],
  of: string,
  {
    NextToken: token,
    MaxResults: asked,
  }: { readonly NextToken?: string | undefined; readonly MaxResults?: number | undefined },
  most = 1000,
): { readonly items: readonly T[]; readonly NextToken: string | undefined } {
  const from = token === undefined ? 0 : readToken(token, of);
  const to = from + (asked === undefined || asked === 0 ? most : Math.min(asked, most));
  return { items: items.slice(from, to), NextToken: to < items.length ? makeToken(of, to) : undefined };
}

export function makeToken(of: string, position: number): string {
  return Buffer.from(JSON.stringify([of, position])).toString("base64url");
}

export function readToken(token: string, of: string): number {
  try {
    const [whose, position] = JSON.parse(Buffer.from(token, "base64url").toString()) as [unknown, unknown];
    if (whose === of && typeof position === "number" && Number.isSafeInteger(position) && position >= 0)
      return position;
  } catch {
    // Said below.
  }
  throw invalid("NextToken is not one that an answer to this request gave.");
}
