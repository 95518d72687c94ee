import { defineConfig } from "vitest/config";
import quick from "./vitest.config.js";

/** The suites that take minutes: `npm run test:slow`. They run the built program, two suites side by side: each of them waits for much of its time. */
export default defineConfig({
  ...quick,
  test: {
    ...quick.test,
    include: ["test/slow/**/*.test.ts"],
    exclude: ["**/node_modules/**"],
    testTimeout: 900_000,
    hookTimeout: 300_000,
  },
});
