/** CREATE, ALTER and DROP of users, groups and roles; passwords and the like are read past. */
import type { UserStatement } from "./ast.js";
import type { Cursor, Told } from "./cursor.js";
import { skipStatement } from "./unsupported.js";

/** At the word USER, GROUP or ROLE. */
export function parseUserStatement(cursor: Cursor, action: UserStatement["action"], at: number): Told {
  const object = cursor.acceptOne("user", "group", "role")!;
  const ifExists = cursor.accept("if", "exists");
  const name = cursor.name();
  const renameTo = action === "alter" && cursor.accept("rename", "to") ? cursor.name() : undefined;
  skipStatement(cursor);
  return {
    statement: { kind: "user", action, object, name, ifExists, at, ...(renameTo === undefined ? {} : { renameTo }) },
    verb: `${action} ${object}`.toUpperCase(),
  };
}
