/** The detail of an outcome, readable: the limit and when there is room, the run or event that came first, the deadline. */
import type { ReactNode } from "react";
import type { ReasonCode } from "@pawl/protocol";
import { ShortId } from "../controls/copy-button.tsx";
import { Link } from "../router/location.tsx";
import { eventPath, runPath } from "../router/routes.ts";
import { Countdown } from "../time/ago.tsx";
import { useNow } from "../time/clock.ts";
import { formatMoment, formatShort } from "../time/format.ts";
import { detailOf } from "./model.ts";

type DetailProps = { readonly code: ReasonCode; readonly detail: string | undefined };

/** The detail; nothing where there is none. */
export function ReasonDetail({ code, detail }: DetailProps): ReactNode {
  const read = detailOf(code, detail);
  const now = useNow(false);
  switch (read.kind) {
    case "none":
      return null;
    case "text":
      return <span>{read.text}</span>;
    case "run":
      return (
        <Link href={runPath(read.runId)}>
          See the run <ShortId id={read.runId} />
        </Link>
      );
    case "event":
      return (
        <Link href={eventPath(read.eventId)}>
          See the event <ShortId id={read.eventId} />
        </Link>
      );
    case "limit":
      return (
        <span>
          The limit is {read.limit} in {formatShort(read.periodMs)};{" "}
          {read.nextAt > now ? "there is room again " : "there has been room since "}
          {read.nextAt > now ? <Countdown at={read.nextAt} /> : formatMoment(read.nextAt, now)}.
        </span>
      );
    case "until":
      return (
        <span>
          {read.until > now ? "At the latest " : "It was due at "}
          {read.until > now ? <Countdown at={read.until} /> : formatMoment(read.until, now)}.
        </span>
      );
  }
}
