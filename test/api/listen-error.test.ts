import { expect, test } from "vitest";
import { awsListener } from "../../src/api/aws/aws-listener.js";
import { listenError } from "../../src/api/http/listen-error.js";
import { systemClock } from "../../src/core/clock.js";

const listen = (port: number) => awsListener({ services: [], clock: systemClock, host: "127.0.0.1", port });

test("an AWS port that is taken, as by another emulator, is a refusal that names the flags for another", async () => {
  const first = await listen(0);
  try {
    await expect(listen(first.port)).rejects.toMatchObject({
      name: "PenstockError",
      code: "refused",
      message: `The AWS port ${first.port} of 127.0.0.1 is taken by another program.`,
      hint: expect.stringContaining("--aws-port, --console-port and --sql-port"),
    });
  } finally {
    await first.close(0);
  }
});

test("an address that cannot be listened on is a refusal that names --host and the door's own flag", () => {
  const cause = Object.assign(new Error("bind EADDRNOTAVAIL 203.0.113.1"), { code: "EADDRNOTAVAIL" });
  const told = listenError(cause, { name: "SQL", flag: "--sql-port", host: "203.0.113.1", port: 5439 });
  expect(told).toMatchObject({ code: "refused", hint: expect.stringMatching(/--sql-port.*--host/), cause });
});
