/**
 * What to begin an event with: the names that functions listen to, and the data of the last event with the same name.
 *
 * E1  What the user has typed is never replaced without a click: data is filled in by itself only while the field is blank.
 */
import { useEffect } from "react";
import type { UiEventList, UiEventRow, UiFunctionList } from "@pawl/protocol";
import { pathOf } from "../api/client.ts";
import { useResource } from "../api/resource.ts";
import { listenedNames } from "../functions/model.ts";
import { BLANK_DATA, pretty } from "./model.ts";
import type { Draft } from "./model.ts";

export type Examples = {
  /** Names that start a function. */
  readonly names: readonly string[];
  /** Data of the last event with the draft's name; undefined when there was none. */
  readonly lastData?: string;
};

type ExampleOptions = {
  readonly draft: Draft;
  readonly setDraft: (draft: Draft) => void;
  /** An event to begin with. */
  readonly likeId: string | null;
};

/** Loads the examples and fills a blank form. */
export function useExamples({ draft, setDraft, likeId }: ExampleOptions): Examples {
  const names = listenedNames(useResource<UiFunctionList>("/functions").data?.items ?? []);
  const like = useResource<UiEventRow>(likeId === null ? undefined : `/events/${encodeURIComponent(likeId)}`).data;
  useEffect(() => {
    if (like !== undefined) setDraft({ name: like.name, data: pretty(like.data), id: "" });
  }, [like, setDraft]);
  // Only whole names are looked up: those that functions listen to.
  const known = names.includes(draft.name) ? draft.name : undefined;
  const last = useResource<UiEventList>(known === undefined ? undefined : pathOf("/events", { name: known, limit: 1 })).data?.items[0]
    ?.data;
  const isBlank = draft.data.trim() === "" || draft.data === BLANK_DATA;
  useEffect(() => {
    if (isBlank && known !== undefined && last !== undefined) setDraft({ name: known, data: pretty(last), id: "" });
  }, [isBlank, known, last, setDraft]);
  return { names, ...(last === undefined ? {} : { lastData: pretty(last) }) };
}
