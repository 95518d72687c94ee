/** Links of the documents: those within the project lead somewhere; of the others, the form. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { templateFiles } from "../src/cli/init/template.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

it("README.md shows the definition that init writes", () => {
  const code = (text: string) => text.replaceAll(/^ *\/[/*].*\n/gm, "").trim();
  const [, shown] = /is all of it.*?```ts\n(.*?)```/s.exec(read("README.md")) ?? [];
  expect(shown?.trim()).toBe(code(templateFiles("orders", "file:..")["penstock.ts"]!));
});

describe("links of the documents", () => {
  const files = [
    "README.md",
    "ARCHITECTURE.md",
    ...readdirSync(join(ROOT, "docs")).map((file) => `docs/${file}`),
  ].filter((file) => file.endsWith(".md"));
  const links = files.flatMap((file) =>
    [...read(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, to]) => [file, to!] as const),
  );

  it("within the project lead to a file, and to a chapter of it", () => {
    const slug = (title: string) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-");
    const broken = links.filter(([file, to]) => {
      if (/^[a-z]+:/.test(to)) return false;
      const [path = "", chapter] = to.split("#");
      const target = path === "" ? file : join(dirname(file), path);
      if (!existsSync(join(ROOT, target))) return true;
      if (chapter === undefined || !target.endsWith(".md")) return false;
      const titles = [...read(target).matchAll(/^#+ (.+)$/gm)].map(([, title]) => slug(title!));
      return !titles.includes(chapter);
    });
    expect(links.length).toBeGreaterThan(40);
    expect(broken).toEqual([]);
  });

  it("reach every document from README.md", () => {
    const linked = new Set(links.filter(([file]) => file === "README.md").map(([, to]) => to));
    expect(files.filter((file) => file !== "README.md" && !linked.has(file))).toEqual([]);
  });

  it("to elsewhere are addresses by HTTPS of a host with a name", () => {
    const outside = links.filter(([, to]) => /^[a-z]+:/.test(to));
    expect(outside.length).toBeGreaterThan(5);
    const wrong = outside.filter(([, to]) => {
      const { protocol, hostname } = new URL(to);
      return protocol !== "https:" || !/^([a-z0-9-]+\.)+[a-z]{2,}$/.test(hostname);
    });
    expect(wrong).toEqual([]);
  });
});
