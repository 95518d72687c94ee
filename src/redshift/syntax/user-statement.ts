/** CREATE, ALTER and DROP of users, groups and roles; passwords and the like are read past. */
import type { UserStatement } from "./ast.js";
import type { Cursor, Told } from "./cursor.js";

/** At the word USER, GROUP or ROLE. */
export function parseUserStatement(cursor: Cursor, action: UserStatement["action"], at: number): Told {
  const object = cursor.acceptOne("user", "group", "role")!;
  const ifExists = cursor.accept("if", "exists");
  const name = cursor.name();
  const renameTo = action === "alter" && cursor.accept("rename", "to") ? cursor.name() : undefined;
  return {
    statement: {
      kind: "user",
      action,
      object,
      name,
      ifExists,
      at,
      ...(renameTo === undefined ? {} : { renameTo }),
      ...parseOptions(cursor, object),
    },
    verb: `${action} ${object}`.toUpperCase(),
  };
}

function parseOptions(
  cursor: Cursor,
  object: UserStatement["object"],
): Pick<UserStatement, "superuser" | "added" | "removed"> {
  let superuser: boolean | undefined;
  const added: string[] = [];
  const removed: string[] = [];
  while (!cursor.isSign(";") && cursor.peek().kind !== "end") {
    const word = cursor.acceptOne("createuser", "nocreateuser");
    if (word !== undefined) superuser = word === "createuser";
    else if (object === "group" && (cursor.accept("add", "user") || cursor.accept("user")))
      added.push(...cursor.commas(() => cursor.name()));
    else if (object === "group" && cursor.accept("drop", "user")) removed.push(...cursor.commas(() => cursor.name()));
    else if (object === "user" && cursor.accept("in", "group")) added.push(...cursor.commas(() => cursor.name()));
    else cursor.next();
  }
  return { added, removed, ...(superuser === undefined ? {} : { superuser }) };
}
