/** The filters above the runs list. Each control writes to the URL at once; the search after a pause in typing. */
import { useEffect, useState } from "react";
import type { ReactNode } from "react";
import { RUN_STATUSES } from "@pawl/protocol";
import type { UiFunction } from "@pawl/protocol";
import { navigate, patchQuery } from "../router/location.tsx";
import { Glyph } from "../status/glyph.tsx";
import { phaseOfStatus, toneOfPhase, wordOf } from "../status/words.ts";
import { isFiltered, TIME_RANGES, toggleStatus } from "./model.ts";
import type { RunFilters } from "./model.ts";

/** A search is sent when the typing rests this long. */
const TYPING_MS = 250;

type BarProps = { readonly query: URLSearchParams; readonly filters: RunFilters; readonly functions: readonly UiFunction[] };

/** Search, statuses, function, app, event and time range. */
export function RunFilterBar({ query, filters, functions }: BarProps): ReactNode {
  return (
    <form className="filters" role="search" aria-label="Filter runs" onSubmit={(event) => event.preventDefault()}>
      <SearchField name="q" query={query} label="Search runs" placeholder="Run id, or text" />
      <fieldset className="segmented">
        <legend className="hidden-text">Status</legend>
        {RUN_STATUSES.map((status) => (
          <button
            type="button"
            key={status}
            data-tone={toneOfPhase(phaseOfStatus(status))}
            aria-pressed={filters.statuses.includes(status)}
            onClick={() => patchQuery({ status: toggleStatus(filters.statuses, status) })}
          >
            <Glyph name={phaseOfStatus(status)} size={12} />
            {wordOf(status)}
          </button>
        ))}
      </fieldset>
      <Choice
        name="function"
        query={query}
        label="Function"
        all="All functions"
        options={functions.map((each) => [each.slug, each.name])}
      />
      <Choice name="app" query={query} label="App" all="All apps" options={unique(functions.map((each) => each.appName))} />
      <Choice
        name="event"
        query={query}
        label="Event"
        all="All events"
        options={unique(functions.flatMap((each) => each.triggers.flatMap((trigger) => trigger.event ?? [])))}
      />
      <Choice
        name="since"
        query={query}
        label="Time range"
        all="Any time"
        options={TIME_RANGES.map((range) => [range.code, range.words])}
      />
      {isFiltered(filters) && (
        <button type="button" className="quiet-button" onClick={() => navigate("/runs")}>
          Clear
        </button>
      )}
    </form>
  );
}

type FieldProps = { readonly name: string; readonly query: URLSearchParams; readonly label: string };

/** A search field bound to a query parameter. */
export function SearchField({ name, query, label, placeholder }: FieldProps & { readonly placeholder: string }): ReactNode {
  const inUrl = query.get(name) ?? "";
  const [typed, setTyped] = useState(inUrl);
  const [known, setKnown] = useState(inUrl);
  if (known !== inUrl) {
    setKnown(inUrl);
    if (typed.trim() !== inUrl) setTyped(inUrl);
  }
  useEffect(() => {
    if (typed.trim() === inUrl) return undefined;
    const timer = setTimeout(() => patchQuery({ [name]: typed.trim() }, { isReplacing: true }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, inUrl, name]);
  return (
    <input
      type="search"
      className="field search-field"
      aria-label={label}
      placeholder={placeholder}
      value={typed}
      data-shortcut="/"
      onChange={(event) => setTyped(event.target.value)}
    />
  );
}

type ChoiceProps = FieldProps & { readonly all: string; readonly options: readonly (readonly [string, string])[] };

/** A choice bound to a query parameter. A value from the URL that isn't on offer is offered. */
export function Choice({ name, query, label, all, options }: ChoiceProps): ReactNode {
  const chosen = query.get(name) ?? "";
  const offered = chosen === "" || options.some(([code]) => code === chosen) ? options : [[chosen, chosen] as const, ...options];
  return (
    <select
      className="field"
      aria-label={label}
      data-set={chosen !== "" || undefined}
      value={chosen}
      onChange={(event) => patchQuery({ [name]: event.target.value })}
    >
      <option value="">{all}</option>
      {offered.map(([code, words]) => (
        <option key={code} value={code}>
          {words}
        </option>
      ))}
    </select>
  );
}

function unique(names: readonly string[]): readonly (readonly [string, string])[] {
  return [...new Set(names)].sort().map((name) => [name, name] as const);
}
