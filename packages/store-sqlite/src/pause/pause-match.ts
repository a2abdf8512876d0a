/**
 * Pauses that an event may match.
 *
 * I1  A pause's (event name, match path) is among the known ones before the pause is stored, and leaves them only when no such pause is
 *     stored: an event whose name is not known costs no SQL.
 * I2  A known pair without pauses costs one search, once: finding nothing forgets it.
 *
 * Index: `pauses_event_idx` (event_name, match_path, match_value).
 * Plan: one search for each distinct match path of the name (in practice one to three), then the matches. At open, the distinct pairs are
 * found by jumping from one to the next, so that a million pauses of ten pairs cost ten searches.
 */
import type { PauseRow } from "@pawl/engine";
import type { PauseQuery } from "@pawl/store";
import type { Connection } from "../connection.ts";
import { PAUSE_COLUMNS, pauseOf, type PauseRecord } from "./pause-record.ts";

export interface PauseMatch {
  /** Says that a pause is about to be stored. */
  expect(pause: PauseRow): void;
  find(query: PauseQuery): readonly PauseRow[];
}

/** Event name → match paths; the empty path stands for pauses without one. */
type KnownPaths = Map<string, Set<string>>;

/** Prepares the statements and reads which names have pauses. */
export function openPauseMatch(connection: Connection): PauseMatch {
  const known = loadKnownPaths(connection);
  const candidates = connection.prepare<PauseRecord>(
    `select ${PAUSE_COLUMNS} from pauses where event_name = ? and match_path = ? and match_value = ?`,
  );
  const anyOfPath = connection.prepare("select 1 from pauses where event_name = ? and match_path = ? limit 1");
  const forgetIfGone = (eventName: string, path: string): void => {
    if (anyOfPath.get(eventName, path) === undefined) forget(known, eventName, path);
  };
  return {
    expect: ({ eventName, matchPath = "" }) => {
      if (eventName !== undefined) remember(known, eventName, matchPath);
    },
    find: ({ eventName, valueAt }) => {
      const found: PauseRow[] = [];
      for (const path of known.get(eventName) ?? []) {
        const value = path === "" ? "" : valueAt(path);
        const records = value === undefined ? [] : candidates.all(eventName, path, value);
        if (records.length === 0) forgetIfGone(eventName, path);
        for (const record of records) if (record.kind === "event" || record.kind === "cancel") found.push(pauseOf(record));
      }
      return found.sort(byAge);
    },
  };
}

function byAge(a: PauseRow, b: PauseRow): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);
}

function remember(known: KnownPaths, eventName: string, path: string): void {
  const paths = known.get(eventName);
  if (paths === undefined) known.set(eventName, new Set([path]));
  else paths.add(path);
}

function forget(known: KnownPaths, eventName: string, path: string): void {
  const paths = known.get(eventName);
  paths?.delete(path);
  if (paths?.size === 0) known.delete(eventName);
}

function loadKnownPaths(connection: Connection): KnownPaths {
  const next = connection.prepare<{ event_name: string; match_path: string }>(
    `select event_name, match_path from pauses indexed by pauses_event_idx
     where event_name is not null and (event_name, match_path) > (?, ?) order by event_name, match_path limit 1`,
  );
  const known: KnownPaths = new Map();
  // Event names are not empty, so the first pair comes after this one.
  let pair = next.get("", "");
  while (pair !== undefined) {
    remember(known, pair.event_name, pair.match_path);
    pair = next.get(pair.event_name, pair.match_path);
  }
  return known;
}
