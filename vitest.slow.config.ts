import { defineConfig } from "vitest/config";
import quick from "./vitest.config.js";

/** The suites that take minutes: `npm run test:slow`. They run the built program, one suite after the other. */
export default defineConfig({
  ...quick,
  test: {
    ...quick.test,
    include: ["test/slow/**/*.test.ts"],
    exclude: ["**/node_modules/**"],
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 300_000,
  },
});
