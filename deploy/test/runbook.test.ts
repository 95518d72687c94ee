/** The documents that a deployment's reader goes by, against what is synthesized. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import type { Synthesis } from "./synthesis.js";
import { variants } from "./variants.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

let made: ReadonlyMap<string, Synthesis>;
beforeAll(async () => {
  // What they have not, no template has.
  made = await variants("everything", "everything-provisioned");
});

/** Logical ids, of all templates. */
const idsOf = (type?: string) =>
  [...made.values()].flatMap(({ template }) =>
    Object.entries(template.Resources).flatMap(([id, { Type }]) => (type === undefined || Type === type ? [id] : [])),
  );

describe("the runbook", () => {
  it("has a chapter for each alarm of each template, and none for an alarm that is in no template", () => {
    const chapters = [...read("docs/runbook.md").matchAll(/^## (\S+)$/gm)].map(([, name]) => name!);
    // `WatchAlarmBehindquotesquotes443E7F2A`
    const alarms = idsOf("AWS::CloudWatch::Alarm").map((id) => id.replace(/^WatchAlarm/, ""));
    expect(alarms.length).toBeGreaterThan(40);
    const chapterOf = (alarm: string) =>
      chapters
        .filter((chapter) => alarm.startsWith(chapter))
        .sort()
        .at(-1);
    expect(alarms.filter((alarm) => chapterOf(alarm) === undefined)).toEqual([]);
    expect([...new Set(alarms.map(chapterOf))].sort()).toEqual(chapters.sort());
  });

  it("names commands of penstock that there are", () => {
    const commands = readdirSync(join(ROOT, "src/cli")).map((file) => file.replace(/\.ts$/, ""));
    for (const [, command] of read("docs/runbook.md").matchAll(/`(?:[^`\n]*\| )?penstock ([a-z]+)/g)) {
      expect(commands).toContain(command);
    }
  });
});

describe("docs/aws.md", () => {
  it("says of every stage of the template what its resources are for", () => {
    const told = [...read("docs/aws.md").matchAll(/^\| ([A-Z][A-Za-z]+) \| /gm)].map(([, name]) => name!);
    const stageOf = (id: string) =>
      told
        .filter((stage) => id.startsWith(stage))
        .sort()
        .at(-1);
    const ids = idsOf();
    expect(ids.filter((id) => stageOf(id) === undefined)).toEqual([]);
    expect([...new Set(ids.map(stageOf))].sort()).toEqual(told.sort());
  });
});
