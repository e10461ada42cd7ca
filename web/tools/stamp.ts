import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

/**
 * Writes `build.json` beside the built files: what they were made of, and what they are. tests/web/test_build.py
 * computes both again, so that a build which is not of these sources, or was edited by hand, fails without Node.
 */
export function stamp(): Plugin {
  let root = "";
  let out = "";
  return {
    name: "stamp",
    apply: "build",
    configResolved(config) {
      root = config.root;
      out = join(config.root, config.build.outDir);
    },
    closeBundle() {
      const hashes = { sources: digest(root), files: digest(out) };
      writeFileSync(join(out, "build.json"), `${JSON.stringify(hashes, null, 2)}\n`);
    },
  };
}

/** SHA-256 over a line for each file in the order of their paths: the SHA-256 of its bytes, two spaces, its path. */
function digest(folder: string): string {
  const lines = paths(folder, "").sort().map((path) => `${sha256(readFileSync(join(folder, path)))}  ${path}\n`);
  return sha256(lines.join(""));
}

function paths(folder: string, prefix: string): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) => {
    const path = prefix ? `${prefix}/${entry.name}` : entry.name;
    if (entry.name === "node_modules" || entry.name === "build.json") return [];
    return entry.isDirectory() ? paths(folder, path) : [path];
  });
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
