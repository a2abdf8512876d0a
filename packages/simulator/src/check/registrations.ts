/**
 * Registrations while runs go on: all of the app's functions are stored, or none; what was answered as registered stays, at least until the
 * next one; one that is refused changes no function, and the app says that it is in error until another is not refused; and who has paused a
 * function finds it paused afterwards.
 */
import { type AppRow, type FunctionRow } from "@pawl/engine";
import { APP_ID, hasGuest } from "../app/generate-program.ts";
import { ofKind, type CheckContext, type Checker, type Commit } from "./checker.ts";

/** Makes the checker. */
export function checkRegistrations(context: CheckContext): Checker {
  const { mirror, programs, report } = context;
  let app: AppRow | undefined;
  return {
    committing: ({ changeSet }: Commit) => {
      const [stored] = ofKind(changeSet, "put-app").filter(({ app: { id } }) => id === APP_ID);
      if (stored === undefined) return;
      const functions = ofKind(changeSet, "put-function").map((change) => change.function);
      app = stored.app;
      if (functions.length === 0) return;
      if (new Set(functions.filter(isHere).map(numberOf)).size > 1)
        report(`functions of several registrations are stored together: ${functions.map(({ name }) => name).join(", ")}`);
      const missing = registered(context).filter(({ id }) => !functions.some((row) => row.id === id));
      for (const { slug } of missing) report(`a registration is stored without the function ${slug}`);
      for (const row of functions) {
        const before = mirror.functions.get(row.id);
        if (JSON.stringify(before?.paused) !== JSON.stringify(row.paused))
          report(`a registration has made ${row.slug} ${row.paused?.mode ?? "not paused"}; it was ${before?.paused?.mode ?? "not"}`);
      }
    },
    registered: ({ number, outcome, isAlone }) => {
      if (outcome === undefined) return;
      if ((outcome === "refused") !== (number === 0)) report(`registration ${number} was answered as ${outcome}`);
      if (isAlone && (app?.error !== undefined) !== (outcome === "refused"))
        report(`registration ${number} was answered as ${outcome}, but the app says ${app?.error ?? "that it is well"}`);
      const functions = registered(context);
      const expected = [...programs.values()].filter(
        ({ isGuest, isEndpoint }) => isEndpoint !== true && (isGuest !== true || hasGuest(number)),
      );
      const isStored = functions.length === expected.length && functions.every((row) => numberOf(row) === number);
      if (isAlone && number > 0 && !isStored)
        report(`registration ${number} was answered as registered; stored are ${functions.map(({ name }) => name).join(", ")}`);
    },
  };
}

/** Functions that the app has. */
function registered({ mirror }: CheckContext): readonly FunctionRow[] {
  return [...mirror.functions.values()].filter((row) => row.appId === APP_ID && isHere(row));
}

function isHere({ archivedAt }: FunctionRow): boolean {
  return archivedAt === undefined;
}

/** Of the registration that a function was last in; 0 for the first one. */
function numberOf({ name }: FunctionRow): number {
  return Number(name.split(" ")[1] ?? 0);
}
