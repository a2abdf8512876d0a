/**
 * Makes the built SDK a package without dependencies: the protocol's built files go into `dist/protocol`, and imports of
 * `@pawl/protocol` become paths to them. Doing it again changes nothing.
 */
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const SPECIFIER = '"@pawl/protocol"';

/** Inlines the protocol into `packages/sdk/dist`. Both packages are built already. */
export function inlineProtocol(root: string): void {
  const target = join(root, "packages/sdk/dist");
  const inlined = join(target, "protocol");
  cpSync(join(root, "packages/protocol/dist"), inlined, { recursive: true, filter: (path) => !/\.(?:map|tsbuildinfo)$/.test(path) });
  for (const file of readdirSync(target, { recursive: true, encoding: "utf8" })) {
    if (!/\.(?:js|d\.ts)$/.test(file) || file.startsWith("protocol/")) continue;
    const path = join(target, file);
    const text = readFileSync(path, "utf8");
    if (!text.includes(SPECIFIER)) continue;
    const toInlined = relative(dirname(path), join(inlined, "index.js")).replaceAll("\\", "/");
    writeFileSync(path, text.replaceAll(SPECIFIER, JSON.stringify(toInlined.startsWith(".") ? toInlined : `./${toInlined}`)));
  }
}
