/**
 * `POST /ui/v1/backup`: the whole database as one file.
 *
 * I1  It takes the signing key, or a session that was opened with it: an API key, whatever its scopes, does not get everything at once.
 * I2  The store's copy takes room until it is sent, or can't be; one is made and sent at a time, so that copies don't fill the disk.
 *
 * The server's own secrets (keys of short-lived tokens) are not part of it. Made first, at the disk's speed, and then sent, as a slow client
 * would hold up the store otherwise.
 */
import { open, rm, type FileHandle } from "node:fs/promises";
import { StoreError } from "@pawl/store";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { bearerOf, hasSigningKey } from "../auth.ts";
import type { ServerContext } from "../context.ts";
import { UiRefusal } from "./ui-error.ts";

/** Adds the route, to a scope that lets in who may write. */
export function backupRoute(app: FastifyInstance, context: ServerContext): void {
  let isUnderWay = false;
  app.post("/backup", async (request, reply) => {
    assertNoApiKey(context, request);
    const make = context.engine.store.backup;
    if (make === undefined)
      throw new UiRefusal("This server keeps its data in memory.", {
        status: 409,
        code: "backup-impossible",
        hint: "There is no file to copy.",
      });
    if (isUnderWay) throw underWay();
    isUnderWay = true;
    let isFinished = false;
    const finish = (): void => {
      if (!isFinished) isUnderWay = false;
      isFinished = true;
    };
    try {
      return await answer(context, { reply, make, finish });
    } catch (error) {
      finish();
      if (StoreError.is(error) && error.code === "STORE_LOCKED") throw underWay();
      throw error;
    }
  });
}

type Backup = { readonly reply: FastifyReply; readonly make: () => Promise<string>; readonly finish: () => void };

/** `finish` is called when the last of the file is read, or nobody wants it any more. */
async function answer({ engine: { clock }, logger }: ServerContext, { reply, make, finish }: Backup): Promise<FastifyReply> {
  const startedAt = clock.now();
  const file = await openDeleted(await make());
  const { size } = await file.stat();
  logger.info({ bytes: size, ms: Math.round(clock.now() - startedAt) }, "a backup was made");
  const stream = file.createReadStream({ highWaterMark: 1_024 * 1_024 });
  stream.once("end", finish).once("close", finish);
  return reply
    .type("application/vnd.sqlite3")
    .header("content-length", size)
    .header("content-disposition", `attachment; filename="pawl-${new Date(startedAt).toISOString().replaceAll(/[:.]/g, "-")}.db"`)
    .header("cache-control", "no-store")
    .send(stream);
}

/** Opens a file and takes its name away: its content goes when it is closed, also by a crash. */
async function openDeleted(path: string): Promise<FileHandle> {
  try {
    return await open(path);
  } finally {
    await rm(path, { force: true });
  }
}

function assertNoApiKey(context: ServerContext, request: FastifyRequest): void {
  if (bearerOf(request.headers) === undefined || hasSigningKey(context, request)) return;
  throw new UiRefusal("A backup takes the signing key; an API key is not enough.", { status: 403, code: "signing-key-needed" });
}

function underWay(): UiRefusal {
  return new UiRefusal("A backup is being made or sent.", { status: 409, code: "backup-under-way", hint: "Ask again when it is done." });
}
