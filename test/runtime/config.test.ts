import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isOwnHost, isOwnOrigin } from "../../src/core/loopback.js";
import { type ConfigFlags, readConfig } from "../../src/runtime/config.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "penstock-config-"));
  await writeFile(join(folder, "penstock.ts"), "");
  await writeFile(join(folder, "users.txt"), "# who may\nada:a-long-secret\n\nbob:another:secret\n");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const read = (flags: ConfigFlags = {}, environment: Record<string, string> = {}) =>
  readConfig(flags, { environment, workingDirectory: folder, terminal: false });

describe("the configuration", () => {
  it("has every default, and cannot be changed", () => {
    const config = read();
    expect(config).toEqual({
      definitionPath: join(folder, "penstock.ts"),
      dataDirectory: join(folder, ".penstock"),
      host: "127.0.0.1",
      awsPort: 4566,
      consolePort: 4580,
      sqlPort: 5439,
      sqlCertificate: undefined,
      sqlAuth: "md5",
      allowedHosts: [],
      credentials: [],
      throughputLimits: false,
      region: "us-east-1",
      accountId: "000000000000",
      warehouseMemoryBytesMax: undefined,
      conversionMemoryBytesMax: undefined,
      spillBytesMax: 4_294_967_296,
      logLevel: "info",
      logFormat: "json",
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it("takes the environment, and a flag before it", () => {
    const environment = {
      PENSTOCK_AWS_PORT: "1",
      PENSTOCK_CONSOLE_PORT: "2",
      PENSTOCK_THROUGHPUT_LIMITS: "yes",
      PENSTOCK_DATA: "there",
    };
    const config = read({ awsPort: "0" }, environment);
    expect(config).toMatchObject({
      awsPort: 0,
      consolePort: 2,
      throughputLimits: true,
      dataDirectory: join(folder, "there"),
    });
  });

  it("refuses a value out of bounds, naming where it was given and what is allowed", () => {
    const wrong: [ConfigFlags, Record<string, string>, RegExp][] = [
      [{ awsPort: "65536" }, {}, /--aws-port is "65536"; it must be a whole number from 0 to 65535/],
      [{}, { PENSTOCK_AWS_PORT: "-1" }, /PENSTOCK_AWS_PORT is "-1"/],
      [{ consolePort: "4e3" }, {}, /--console-port/],
      [{ region: "here" }, {}, /us-east-1/],
      [{ account: "12" }, {}, /twelve digits/],
      [{ logLevel: "loud" }, {}, /trace, debug, info, warn, error, silent/],
      [{ logFormat: "xml" }, {}, /text, json/],
      [{ warehouseMemoryMib: "1" }, {}, /from 64/],
      [{ host: "http://x" }, {}, /without a port/],
      [{}, { PENSTOCK_THROUGHPUT_LIMITS: "maybe" }, /true or false/],
    ];
    for (const [flags, environment, said] of wrong) expect(() => read(flags, environment)).toThrow(said);
  });

  it("refuses an address that others can reach, unless credentials are configured", () => {
    expect(() => read({ host: "0.0.0.0" })).toThrow(/would let others in/);
    for (const host of ["localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"])
      expect(() => read({ host })).not.toThrow();
    expect(read({ host: "0.0.0.0", credentials: "users.txt" }).credentials).toEqual([
      { name: "ada", secret: "a-long-secret" },
      { name: "bob", secret: "another:secret" },
    ]);
    expect(read({ host: "::" }, { PENSTOCK_CREDENTIALS: "a:12345678,b:87654321" }).credentials).toHaveLength(2);
  });

  it("refuses bad credentials without repeating them", () => {
    for (const text of ["nosecrethere", "a:short", ":12345678", "a:12345678 a:87654321"]) {
      try {
        read({}, { PENSTOCK_CREDENTIALS: text });
        expect.unreachable();
      } catch (error) {
        expect(String(error)).toMatch(/entry \d is not `name:secret`/);
        expect(String(error)).not.toMatch(/nosecret|short|87654321/);
      }
    }
    expect(() => read({ credentials: "absent.txt" })).toThrow(/cannot read/);
  });

  it("says where it looked for a definition", () => {
    expect(() => read({ definition: "nowhere" })).toThrow(/no file or folder/);
    expect(() => read({ definition: tmpdir() })).toThrow(/looked for penstock\.ts/);
  });
});

describe("a door knows its own name", () => {
  const local = { host: "127.0.0.1", allowedHosts: ["penstock.internal"] };

  it("on loopback: loopback's names and those allowed, with any port", () => {
    for (const host of ["127.0.0.1", "localhost:4580", "[::1]:1", "LOCALHOST", "penstock.internal:9", "127.1.2.3"]) {
      expect(isOwnHost(host, local), host).toBe(true);
    }
    for (const host of [
      undefined,
      "",
      "evil.example",
      "127.0.0.1.evil.example",
      "10.0.0.1",
      "localhost.",
      "a b",
      "localhost:x",
      "[::1",
    ]) {
      expect(isOwnHost(host, local), String(host)).toBe(false);
    }
  });

  it("beyond loopback: any plain address as well, and still no foreign name", () => {
    const wide = { host: "0.0.0.0", allowedHosts: [] };
    for (const host of ["10.0.0.1:80", "[fe80::1]:80", "localhost"]) expect(isOwnHost(host, wide), host).toBe(true);
    for (const host of ["evil.example", "10.0.0.1.evil.example"]) expect(isOwnHost(host, wide), host).toBe(false);
  });

  it("a page of its own is of the same host and port", () => {
    expect(isOwnOrigin(undefined, "localhost:1")).toBe(true);
    expect(isOwnOrigin("http://localhost:1", "localhost:1")).toBe(true);
    for (const origin of ["http://localhost:2", "http://localhost", "null", "", "http://127.0.0.1:1"]) {
      expect(isOwnOrigin(origin, "localhost:1"), origin).toBe(false);
    }
  });
});
