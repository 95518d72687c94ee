import { openUnderTest } from "./duckdb-under-test.js";
import { warehouseContract } from "./warehouse.contract.js";

for (const fileFormat of ["parquet", "json", "csv"] as const) {
  warehouseContract(`DuckDB, from ${fileFormat}`, () => openUnderTest(), {
    fileFormat,
    except:
      fileFormat === "parquet"
        ? []
        : [
            {
              reason: "JSON and CSV objects have no footer to tell their columns or times by",
              tests: [
                "an object with a column that the table has not cannot be loaded",
                "a loaded object's rows and its ledger entry are there after a restart",
              ],
            },
          ],
  });
}
