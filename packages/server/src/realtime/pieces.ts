/**
 * Cuts a byte stream of text into pieces that can be sent on.
 *
 * I1  The pieces, one after the other, are the text; no piece ends within a character.
 * I2  The work is linear in the bytes, however small the parts in which they arrive.
 *
 * Spec: wire 10.5.
 */
import { StringDecoder } from "node:string_decoder";
import { REALTIME_STREAM_BYTES_MAX } from "@pawl/protocol";

export interface Cutter {
  /** Takes the next part of the text; gives back what is whole by now. */
  take(text: string): readonly string[];
  /** What was held back. */
  end(): string;
}

export type Reading = {
  readonly cutter: Cutter;
  readonly give: (piece: string) => void;
  /** Default: the protocol's limit of a stream. */
  readonly bytesMax?: number;
};

/** `too-long`: more came than the limit. `broken-off`: the sender is gone. */
export type ReadingEnd = "whole" | "too-long" | "broken-off";

/** Reads a stream to its end or limit, and gives pieces out as soon as they are whole. Never rejects. */
export async function readPieces(source: AsyncIterable<Uint8Array>, reading: Reading): Promise<ReadingEnd> {
  const { cutter, give, bytesMax = REALTIME_STREAM_BYTES_MAX } = reading;
  const decoder = new StringDecoder("utf8");
  const take = (text: string): void => cutter.take(text).forEach((piece) => give(piece));
  const end = await readBytes(source, { bytesMax, take: (chunk) => take(decoder.write(Buffer.from(chunk))) });
  take(decoder.end());
  const rest = cutter.end();
  if (rest !== "") give(rest);
  return end;
}

/** Reads a body whole. Never rejects. */
export async function readWhole(
  source: AsyncIterable<Uint8Array>,
  bytesMax: number,
): Promise<{ readonly text: string } | Exclude<ReadingEnd, "whole">> {
  const chunks: Uint8Array[] = [];
  const end = await readBytes(source, { bytesMax, take: (chunk) => void chunks.push(chunk) });
  return end === "whole" ? { text: Buffer.concat(chunks).toString() } : end;
}

type Bytes = { readonly bytesMax: number; readonly take: (chunk: Uint8Array) => void };

async function readBytes(source: AsyncIterable<Uint8Array>, { bytesMax, take }: Bytes): Promise<ReadingEnd> {
  let room = bytesMax;
  try {
    for await (const chunk of source) {
      take(chunk.byteLength > room ? chunk.subarray(0, room) : chunk);
      room -= chunk.byteLength;
      if (room < 0) return "too-long";
    }
    return "whole";
  } catch {
    return "broken-off";
  }
}

/** Pieces of at most so many bytes; nothing is held back. */
export function cutBySize(bytesMax: number): Cutter {
  return { take: (text) => piecesOf(text, bytesMax), end: () => "" };
}

/** An empty line ends an event. */
const EVENT_END = /\r\n\r\n|\n\n|\r\r/g;
const EVENT_END_CHARS = 4;

/** Whole events of an event stream; what comes after the last empty line is held back. */
export function cutByEvent(): Cutter {
  let held: string[] = [];
  /** The end of what is held, in which an empty line may have begun. */
  let tail = "";
  return {
    take(text) {
      const end = lastEnd(tail + text) - tail.length;
      if (end <= 0) {
        held.push(text);
        tail = (tail + text).slice(1 - EVENT_END_CHARS);
        return [];
      }
      const events = held.join("") + text.slice(0, end);
      tail = text.slice(end);
      held = [tail];
      tail = tail.slice(1 - EVENT_END_CHARS);
      return [events];
    },
    end: () => held.join(""),
  };
}

/** Where the last empty line of a text ends; 0 where there is none. */
function lastEnd(text: string): number {
  let end = 0;
  for (const match of text.matchAll(EVENT_END)) end = match.index + match[0].length;
  return end;
}

function piecesOf(text: string, bytesMax: number): readonly string[] {
  if (text === "") return [];
  if (Buffer.byteLength(text) <= bytesMax) return [text];
  const pieces: string[] = [];
  let piece = "";
  let bytes = 0;
  for (const character of text) {
    const size = Buffer.byteLength(character);
    if (bytes + size > bytesMax) {
      pieces.push(piece);
      piece = "";
      bytes = 0;
    }
    piece += character;
    bytes += size;
  }
  return [...pieces, piece];
}
