/** SET, RESET, SHOW of a setting. */
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { ResetVariable, SetVariable, ShowVariable } from "../../syntax/ast.js";
import { unknownSetting } from "../settings.js";
import { done, type StatementHandler, textColumn } from "../statement-run.js";

export const setHandler: StatementHandler<SetVariable> = {
  access: "none",
  async run({ name, values, local }, { core }) {
    if (name === "session_authorization" || name === "role") {
      const [wanted] = values ?? [];
      if (wanted !== undefined && wanted !== core.user && !["default", "none"].includes(wanted.toLowerCase())) {
        throw new SqlError(SQL_STATE.insufficientPrivilege, `permission denied to set ${name.replace("_", " ")}`, {
          hint: `There is one user here, ${core.user}.`,
        });
      }
      return done("SET");
    }
    core.settings.set(name, values?.join(", "), { local: local && core.transaction.mode !== "none" });
    return done("SET");
  },
};

export const resetHandler: StatementHandler<ResetVariable> = {
  access: "none",
  async run({ name }, { core }) {
    if (name === undefined) core.settings.resetAll();
    else core.settings.set(name, undefined);
    return done("RESET");
  },
};

const ALL_COLUMNS = ["name", "setting", "description"].map(textColumn);

export const showHandler: StatementHandler<ShowVariable> = {
  access: "none",
  columns: ({ name }) => (name === "all" ? ALL_COLUMNS : [textColumn(columnName(name))]),
  async run({ name, at }, { core }) {
    if (name === "all") {
      const rows = core.settings.all().map((one) => [one.name, one.value, one.description]);
      return { tag: () => "SHOW", columns: ALL_COLUMNS, rows };
    }
    const value = core.settings.get(name);
    if (value === undefined) {
      const { message, hint } = unknownSetting(name);
      throw new SqlError(SQL_STATE.undefinedObject, message, { at, ...(hint === undefined ? {} : { hint }) });
    }
    return { tag: () => "SHOW", columns: [textColumn(columnName(name))], rows: [[value]] };
  },
};

/** PostgreSQL spells some of them with capitals. */
function columnName(name: string): string {
  return { timezone: "TimeZone", datestyle: "DateStyle" }[name] ?? name;
}
