/** CREATE FUNCTION and DROP FUNCTION: scalar functions in SQL. */
import type { CreateFunction, TypeName } from "./ast.js";
import type { Cursor, Told } from "./cursor.js";
import { parseType } from "./type-name.js";

/** At the word FUNCTION. */
export function parseCreateFunction(cursor: Cursor, orReplace: boolean, at: number): Told {
  cursor.expect("function");
  const name = cursor.qualifiedName();
  const given = parseArguments(cursor);
  cursor.expect("returns");
  const returns = parseType(cursor);
  let volatility: CreateFunction["volatility"] | undefined;
  let body: string | undefined;
  let language: string | undefined;
  for (;;) {
    const word = cursor.acceptOne("volatile", "stable", "immutable");
    if (word !== undefined) volatility = word;
    else if (cursor.accept("as")) body = cursor.string();
    else if (cursor.accept("language")) {
      const place = cursor.at;
      language = cursor.label();
      if (language !== "sql") refuseLanguage(cursor, language, place);
    } else break;
  }
  if (volatility === undefined || body === undefined || language === undefined) throw cursor.unexpected();
  const named = given.find((one) => one.name !== undefined);
  if (named !== undefined) {
    cursor.refuse(`syntax error at or near "${named.name}"`, named.at, {
      hint: "Arguments of a function in SQL have types alone; it names them $1, $2 and so on.",
    });
  }
  return {
    statement: {
      kind: "create-function",
      name,
      orReplace,
      arguments: given.map(({ type }) => type),
      returns,
      volatility,
      body,
      at,
    },
    verb: "CREATE FUNCTION",
  };
}

function refuseLanguage(cursor: Cursor, language: string, at: number): never {
  return cursor.refuse(`CREATE FUNCTION in language "${language}" is not supported`, at, {
    state: "0A000",
    hint: "Functions in SQL are: AS $$ select ... $$ LANGUAGE sql.",
  });
}

/** At the word FUNCTION. */
export function parseDropFunction(cursor: Cursor, at: number): Told {
  cursor.expect("function");
  const ifExists = cursor.accept("if", "exists");
  const name = cursor.qualifiedName();
  const given = parseArguments(cursor);
  cursor.acceptOne("cascade", "restrict");
  return {
    statement: { kind: "drop-function", name, arguments: given.map(({ type }) => type), ifExists, at },
    verb: "DROP FUNCTION",
  };
}

interface Argument {
  readonly name?: string;
  readonly type: TypeName;
  readonly at: number;
}

/** `( [name] type, ... )`. Whether a word is a name shows by whether a type is behind it. */
function parseArguments(cursor: Cursor): readonly Argument[] {
  if (cursor.isSign("(") && cursor.isSign(")", 1)) {
    cursor.next();
    cursor.next();
    return [];
  }
  return cursor.list((): Argument => {
    const { at } = cursor;
    const begin = cursor.position();
    const type = parseType(cursor);
    if (cursor.isSign(",") || cursor.isSign(")")) return { type, at };
    cursor.reset(begin);
    return { name: cursor.label(), type: parseType(cursor), at };
  });
}
