import { expect, it } from "vitest";
import { type AwsStatus, isWell, statusText } from "../../src/cli/aws/status.js";
import { textTable } from "../../src/cli/support/table.js";

const NOW_MS = 1_763_800_000_000;
const status: AwsStatus = {
  stackName: "penstock-desk",
  region: "us-east-1",
  status: "UPDATE_COMPLETE",
  changedAtMs: NOW_MS,
  streams: [{ name: "ticks", recordsPerSecond: 12, bytesPerSecond: 2048, throttled: 0 }],
  queue: { waiting: 3, givenUp: 0 },
  tables: [
    { name: "trades", load: "copy", rowsLoaded: 1234, quarantined: 1, lastLoadMs: NOW_MS - 120_000 },
    { name: "jobbed", load: "auto-copy", rowsLoaded: 0, quarantined: 0, lastLoadMs: undefined },
  ],
  alarms: [],
};

it("status shows what the loader has loaded, and says of other tables who loads them", () => {
  const text = statusText(status, NOW_MS, textTable);
  expect(text).toMatch(/trades\W+1,234\W+1\W+2 min 0 s ago/);
  expect(text).toMatch(/jobbed\W+by Redshift \(auto-copy\)\W+-/);
  expect(text).toContain("No alarm rings.");
  expect(isWell(status)).toBe(true);
});

it("an alarm that rings, an object that was given up and a deployment that failed are each not well", () => {
  const alarm = { name: "penstock-desk-Behind", what: "Delivery lags", reason: "Threshold crossed" };
  expect(statusText({ ...status, alarms: [alarm] }, NOW_MS, textTable)).toContain(
    "ALARM Delivery lags (penstock-desk-Behind): Threshold crossed",
  );
  expect(isWell({ ...status, alarms: [alarm] })).toBe(false);
  expect(isWell({ ...status, queue: { waiting: 0, givenUp: 1 } })).toBe(false);
  expect(isWell({ ...status, status: "UPDATE_ROLLBACK_COMPLETE" })).toBe(false);
});
