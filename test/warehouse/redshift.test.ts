import { openRedshiftUnderTest } from "./redshift-under-test.js";
import { warehouseContract } from "./warehouse.contract.js";

for (const fileFormat of ["parquet", "json"] as const) {
  warehouseContract(`Redshift's driver, from ${fileFormat}`, () => openRedshiftUnderTest(), {
    fileFormat,
    runs: 8,
    except:
      fileFormat === "parquet"
        ? []
        : [
            {
              reason: "JSON objects have no footer to tell their columns by",
              tests: ["an object with a column that the table has not cannot be loaded"],
            },
          ],
  });
}
