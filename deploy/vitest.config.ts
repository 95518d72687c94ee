import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { penstock: fileURLToPath(new URL("../src/index.ts", import.meta.url)) } },
  test: {
    include: ["test/**/*.test.ts"],
    // A synthesis with four packs of rules takes many seconds on a slow machine.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // The construct library's own look through a template takes eight processor seconds a process: every.test.ts has it.
    env: { CDK_VALIDATION: "false" },
    pool: "forks",
    maxWorkers: 2,
  },
});
