/**
 * A folder in the place of S3: copies of pictures, and smaller versions of them.
 *
 * Both jobs write files under names that depend on the picture only, so doing them twice leaves the same files.
 */
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";

const FOLDER = fileURLToPath(new URL("../../output/", import.meta.url));

/** Copies pictures into the bucket. Returns where they are. Throws when a picture can't be had. */
export async function copyAllImagesToS3(urls: readonly string[]): Promise<string[]> {
  await mkdir(FOLDER, { recursive: true });
  return Promise.all(urls.map(copy));
}

async function copy(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const name = createHash("sha256").update(url).digest("hex").slice(0, 16);
  const path = join(FOLDER, `${name}.jpg`);
  await writeFile(path, new Uint8Array(await response.arrayBuffer()));
  return path;
}

export type ResizeOptions = {
  /** Paths in the bucket. */
  readonly urls: readonly string[];
  /** 0 to 1. */
  readonly quality: number;
  /** Pixels; smaller pictures stay as they are. */
  readonly maxWidth: number;
};

/** Makes smaller versions, one after the other. */
export const resizer = {
  async bulk({ urls, quality, maxWidth }: ResizeOptions): Promise<void> {
    for (const url of urls) {
      const target = join(FOLDER, `small-${basename(url)}`);
      await sharp(url)
        .resize({ width: maxWidth, withoutEnlargement: true })
        .jpeg({ quality: Math.round(quality * 100) })
        .toFile(target);
    }
  },
};
