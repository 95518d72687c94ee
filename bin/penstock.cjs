#!/usr/bin/env node
// libuv sizes its pool of threads at first use, which for an ES module is before its first line runs: hence this file. DuckDB's
// calls and the journal's fdatasync share the pool; src/core/gate.ts keeps the one from starving the other.
process.env.UV_THREADPOOL_SIZE ??= "12";
// The demo and `put` use the AWS SDK, which on Node 20 would greet every user with a notice about its own future releases.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
void import("../dist/cli/main.js");
