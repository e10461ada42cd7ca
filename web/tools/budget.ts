import { gzipSync } from "node:zlib";
import type { Plugin, Rollup } from "vite";

/** Fails the build when what the page needs before it can be used is more than `kilobytes` (1,000 bytes) of gzip. */
export function budget(limit: { kilobytes: number }): Plugin {
  return {
    name: "budget",
    apply: "build",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        const sizes = firstLoad(bundle).map((name) => [name, compressed(bundle[name])] as const);
        const total = sizes.reduce((sum, [, size]) => sum + size, 0) / 1000;
        const list = sizes.map(([name, size]) => `  ${name} ${(size / 1000).toFixed(1)} kB`).join("\n");
        const said = `first load: ${total.toFixed(1)} kB of ${limit.kilobytes} kB (gzip)\n${list}`;
        if (total > limit.kilobytes) this.error(said);
        this.info(said);
      },
    },
  };
}

/** The page itself, its styles, its entry, and all that the entry imports without being asked. */
function firstLoad(bundle: Rollup.OutputBundle): string[] {
  const wanted = new Set<string>();
  const follow = (name: string): void => {
    const chunk = bundle[name];
    if (!chunk || wanted.has(name)) return;
    wanted.add(name);
    if (chunk.type === "chunk") chunk.imports.forEach(follow);
  };
  for (const chunk of Object.values(bundle)) {
    const first = chunk.type === "chunk" ? chunk.isEntry : /\.(css|html)$/.test(chunk.fileName);
    if (first) follow(chunk.fileName);
  }
  return [...wanted];
}

function compressed(chunk: Rollup.OutputAsset | Rollup.OutputChunk | undefined): number {
  if (!chunk) return 0;
  return gzipSync(chunk.type === "chunk" ? chunk.code : chunk.source, { level: 9 }).length;
}
