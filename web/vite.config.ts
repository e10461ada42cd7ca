import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { budget } from "./tools/budget.ts";
import { stamp } from "./tools/stamp.ts";

// The page travels inside the Python wheel, so its files land in the package and are committed.
export default defineConfig({
  plugins: [react(), tailwindcss(), budget({ kilobytes: 300 }), stamp()],
  resolve: {
    alias: {
      // In a browser it would decode `&amp;` by setting innerHTML, which our Content-Security-Policy forbids.
      "decode-named-character-reference": fileURLToPath(
        new URL("node_modules/decode-named-character-reference/index.js", import.meta.url),
      ),
    },
  },
  build: {
    outDir: "../src/chatops/api/static",
    emptyOutDir: true,
    target: ["chrome123", "firefox121", "safari17.5"],
    assetsInlineLimit: 0, // `data:` is not in the Content-Security-Policy
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1000, // the budget above counts what travels
  },
  server: { proxy: { "/api": process.env["CHATOPS_SERVER"] ?? "http://127.0.0.1:8000" } },
});
