import { readFile, rm } from "node:fs/promises";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, dirname, join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { copyAllImagesToS3, resizer } from "./bucket.ts";
import { pictureServer } from "./picture-server.ts";

let server: Server;
let url: string;
const written: string[] = [];

beforeAll(async () => {
  server = pictureServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/picture`;
});

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await Promise.all(written.map((path) => rm(path, { force: true })));
});

test("pictures are copied, made smaller and written anew; every seventh request fails", async () => {
  const urls = [1, 2, 3].map((n) => `${url}/${n}.jpg`);
  const copies = await copyAllImagesToS3(urls);
  await resizer.bulk({ urls: copies, quality: 0.9, maxWidth: 1_024 });
  const small = copies.map((path) => join(dirname(path), `small-${basename(path)}`));
  written.push(...copies, ...small);

  const sizes = await Promise.all([...copies, ...small].map(async (path) => (await sharp(await readFile(path)).metadata()).width));
  expect(sizes).toEqual([1_600, 1_600, 1_600, 1_024, 1_024, 1_024]);
  expect(await copyAllImagesToS3(urls)).toEqual(copies);
  await expect(copyAllImagesToS3([`${url}/1.jpg`])).rejects.toThrow(/answered 503/);
  expect(await copyAllImagesToS3([`${url}/1.jpg`])).toEqual([copies[0]]);
});

test("there is nothing but pictures", async () => {
  expect((await fetch(`${url}/one.jpg`)).status).toBe(404);
});
