import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import type { Logger } from "pino";
import type { Credential } from "../../core/credential.js";
import { PenstockError } from "../../core/errors.js";
import { isLoopback } from "../../core/loopback.js";
import { listenError } from "../http/listen-error.js";
import { statusEvents } from "./events.js";
import type { PipelineInstance } from "./instance.js";
import { loadPages } from "./pages.js";
import { controlRoutes } from "./routes.js";

export interface ControlServerOptions {
  readonly instance: PipelineInstance;
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** None: anyone who reaches the port, which must then be loopback's. */
  readonly credentials?: readonly Credential[];
  /** Further names that the Host header may have, lower case. */
  readonly allowedHosts?: readonly string[];
  readonly log: Logger;
  /** Where the built console is; the package's own unless a test has another. */
  readonly consoleFolder?: URL;
}

export interface ControlServer {
  readonly url: string;
  readonly port: number;
  /** Ends the open event streams, lets requests under way finish for a moment, and gives the port up. */
  close(): Promise<void>;
}

/** From `src/api/control` and from `dist/api/control` it is the same way. */
const CONSOLE_FOLDER = new URL("../../../console/dist/", import.meta.url);
const CLOSE_MS_MAX = 1000;

/** Opens the console's port: the control API, health, metrics and the console itself. Resolves when it listens. */
export async function controlServer(options: ControlServerOptions): Promise<ControlServer> {
  const { instance, host, port, log, credentials = [], allowedHosts = [] } = options;
  if (!isLoopback(host) && credentials.length === 0) {
    throw new PenstockError(
      "refused",
      `The console would listen on ${host}, where others can reach it, without credentials.`,
      {
        hint: "Configure credentials, or listen on 127.0.0.1.",
      },
    );
  }
  const events = statusEvents(() => instance.status());
  const pages = loadPages(options.consoleFolder ?? CONSOLE_FOLDER);
  const app = controlRoutes({ instance, credentials, host, allowedHosts, pages, events, log });
  const server = createAdaptorServer({ fetch: app.fetch, serverOptions: { keepAliveTimeout: 5000 } }) as Server;
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    throw listenError(error, { name: "console", flag: "--console-port", host, port });
  }
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`,
    port: address.port,
    close: async () => {
      events.close();
      const closed = once(server, "close");
      server.close();
      const hurry = setTimeout(() => server.closeAllConnections(), CLOSE_MS_MAX);
      await closed;
      clearTimeout(hurry);
    },
  };
}
