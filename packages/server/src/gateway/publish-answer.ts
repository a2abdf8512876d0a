/**
 * Answers to requests of steps that are published while they come.
 *
 * I1  Subscribers see that a stream ends, also where it broke off or grew too long; publishing never fails the step.
 *
 * Spec: wire 6.13 (`publish`), 10.3, 10.5; semantics 5.6, 5.7.
 */
import { StringDecoder } from "node:string_decoder";
import { REALTIME_CHUNK_BYTES_MAX, REALTIME_STREAM_BYTES_MAX } from "@pawl/protocol";
import { cutBySize } from "../realtime/pieces.ts";
import type { Publication, Realtime } from "../realtime/realtime.ts";
import type { OpenTopic } from "./http-gateway.ts";

/** Publishes to realtime. Messages say the URL, the content type and the step. */
export function topicOpener(realtime: Pick<Realtime, "publish" | "nextStreamId">): OpenTopic {
  return ({ channel, topic: name, runId, stepId, url }, contentType) => {
    const metadata = JSON.stringify({ url, "content-type": contentType, request_id: stepId });
    const send = (publication: Pick<Publication, "kind" | "data" | "streamId">): void =>
      realtime.publish({ topic: { channel, name }, runId, metadata, ...publication });
    const streamId = realtime.nextStreamId();
    const decoder = new StringDecoder("utf8");
    const cutter = cutBySize(REALTIME_CHUNK_BYTES_MAX);
    const say = (text: string): void => {
      for (const piece of cutter.take(text)) send({ kind: "chunk", data: JSON.stringify(piece), streamId });
    };
    let room = REALTIME_STREAM_BYTES_MAX;
    send({ kind: "datastream-start", data: JSON.stringify(streamId) });
    return {
      write: (piece) => {
        if (room > 0) say(decoder.write(piece.subarray(0, room)));
        room -= piece.length;
      },
      end: () => {
        say(decoder.end());
        send({ kind: "datastream-end", data: JSON.stringify(streamId) });
      },
    };
  };
}
