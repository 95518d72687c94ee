import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: { alias: { "penstock/client": here("./src/client/index.ts"), penstock: here("./src/index.ts") } },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/slow/**", "**/node_modules/**"],
    // Real sockets, real files and a real engine: a loaded machine makes a test slow, never wrong.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A shared machine may stop any process for seconds; what fails twice in a row is broken, and what was tried again is marked in the report.
    retry: process.env.CI === undefined ? 0 : 1,
    pool: "forks",
    maxWorkers: 2,
  },
});
