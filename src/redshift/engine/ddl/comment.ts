import type { StoredRelation } from "../../catalog/stored.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Comment, QualifiedName } from "../../syntax/ast.js";
import { checkOwner, checkSchemaOwner, checkSuperuser } from "../access.js";
import { done, type StatementHandler } from "../statement-run.js";
import { checkSchemaWritable, type DdlRun, putRelation, putSchema, requireRelation } from "./catalog-work.js";
import { missingColumn } from "./rename.js";

export const commentHandler: StatementHandler<Comment> = {
  access: "write",
  async run(statement, run) {
    await comment(statement, run);
    return done("COMMENT");
  },
};

async function comment({ object, name, text, at }: Comment, run: DdlRun): Promise<void> {
  switch (object) {
    case "table":
    case "view": {
      const relation = commented(run, name);
      const isView = relation.kind === "view" || relation.kind === "materialized-view";
      if (isView !== (object === "view"))
        throw new SqlError(SQL_STATE.wrongObjectType, `"${relation.name}" is not a ${object}`, { at: name.at });
      return putRelation(run, withComment(relation, text));
    }
    case "column": {
      const relation = commented(run, tableOf(name));
      const own = name.parts.at(-1) ?? "";
      if (!relation.columns.some((column) => column.name === own)) throw missingColumn(relation, own, at);
      const columns = relation.columns.map((column) => (column.name === own ? withComment(column, text) : column));
      return putRelation(run, { ...relation, columns });
    }
    case "schema": {
      const own = name.parts.at(-1) ?? "";
      checkSchemaWritable(own, name.at);
      const schema = run.core.transaction.snapshot.schemas.get(own);
      if (schema === undefined)
        throw new SqlError(SQL_STATE.invalidSchemaName, `schema "${own}" does not exist`, { at });
      checkSchemaOwner(run.core, schema, at);
      return putSchema(run, withComment(schema, text));
    }
    case "constraint": {
      const relation = commented(run, tableOf(name));
      const own = name.parts.at(-1) ?? "";
      if (relation.constraints.some((constraint) => constraint.name === own)) return;
      throw new SqlError(SQL_STATE.undefinedObject, `constraint "${own}" for table "${relation.name}" does not exist`, {
        at,
      });
    }
    case "database":
      if (name.parts.at(-1) === run.core.shared.name) return checkSuperuser(run.core, "comment on the database", at);
      throw new SqlError(SQL_STATE.invalidCatalogName, `database "${name.parts.at(-1)}" does not exist`, { at });
  }
}

/** Users say what they like of the pipeline's tables; Penstock's own are not theirs. */
function commented(run: DdlRun, name: QualifiedName): StoredRelation {
  const relation = requireRelation(run, name);
  checkSchemaWritable(relation.schema, name.at);
  checkOwner(run.core, relation, name.at);
  return relation;
}

function tableOf(name: QualifiedName): QualifiedName {
  return { at: name.at, parts: name.parts.slice(0, -1) };
}

function withComment<T extends { readonly comment?: string }>(object: T, text: string | undefined): T {
  const { comment: _, ...rest } = object;
  return (text === undefined || text === "" ? rest : { ...rest, comment: text }) as T;
}
