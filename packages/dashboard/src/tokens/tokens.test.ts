import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RUN_PHASES } from "@pawl/protocol";
import { toneOfPhase } from "../status/words.ts";

const SOURCE = join(import.meta.dirname, "..");
const css = readFileSync(join(import.meta.dirname, "tokens.css"), "utf8");
const tokens = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\((#\w+), (#\w+)\)/g)].map((match) => [match[1]!, [match[2]!, match[3]!] as const]),
);
const THEMES = ["light", "dark"] as const;
const STATUSES = ["queued", "running", "waiting", "retrying", "completed", "failed", "cancelled"];

function luminance(hex: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

function contrast(a: string, b: string, theme: (typeof THEMES)[number]): number {
  const [one, two] = [a, b].map((name) => luminance(tokens.get(name)![THEMES.indexOf(theme)]!));
  return (Math.max(one!, two!) + 0.05) / (Math.min(one!, two!) + 0.05);
}

test.each(THEMES)("text reaches 4.6 : 1 on paper, surface and its own tint (%s)", (theme) => {
  for (const ground of ["paper", "surface"]) {
    for (const ink of ["ink-1", "ink-2", "ink-3"]) expect(contrast(ink, ground, theme), `${ink} on ${ground}`).toBeGreaterThan(4.6);
    for (const status of STATUSES) expect(contrast(`${status}-text`, ground, theme), `${status} on ${ground}`).toBeGreaterThan(4.55);
  }
  for (const status of STATUSES) expect(contrast(`${status}-text`, `${status}-tint`, theme), status).toBeGreaterThan(4.5);
});

test.each(THEMES)("graphics and control borders reach 3.05 : 1 (%s)", (theme) => {
  for (const ground of ["paper", "surface"]) {
    expect(contrast("line-strong", ground, theme)).toBeGreaterThan(3.05);
    expect(contrast("now", ground, theme)).toBeGreaterThan(3.05);
    for (const status of STATUSES) expect(contrast(`${status}-fill`, ground, theme), `${status} on ${ground}`).toBeGreaterThan(3.05);
  }
});

test("colours are written in tokens only", () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((file) => /\.(css|tsx?)$/.test(file));
  const offenders = files.filter(
    (file) => !file.startsWith("tokens") && /#[0-9a-f]{6}\b|\brgba?\(|\bhsla?\(|oklch\(/i.test(readFileSync(join(SOURCE, file), "utf8")),
  );
  expect(offenders).toEqual([]);
});

test("every phase has a tone with its three colours", () => {
  for (const phase of RUN_PHASES) {
    for (const part of ["fill", "text", "tint"]) expect(css).toContain(`--${toneOfPhase(phase)}-${part}:`);
  }
});
