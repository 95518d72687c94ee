import { defineConfig } from "vite";

export default defineConfig({
  // The server's policy lets in files of its own and nothing inline, so nothing may be folded into the page.
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
});
