/**
 * Keys that work on every page. An element with `data-shortcut="x"` is focused (fields) or pressed (buttons) by that key;
 * the link with `data-close` is followed by Escape.
 *
 * K1  Letter keys do nothing while a text is being typed or a question is open, and can be switched off (WCAG 2.1.4).
 *
 * Spec: dashboard 2.5.
 */
import { useEffect } from "react";
import { navigate, patchQuery } from "../router/location.tsx";

/** Time in which the second key of a pair must follow. */
const PAIR_MS = 1_200;

const PAGES: { readonly [key: string]: string } = {
  r: "/runs",
  e: "/events",
  f: "/functions",
  a: "/apps",
  b: "/bulks",
  k: "/workers",
  ",": "/settings/keys",
};
const STORAGE_KEY = "pawl.keys";

/** True unless the user switched the letter keys off in this browser. */
export function areKeysOn(): boolean {
  try {
    return localStorage.getItem(STORAGE_KEY) !== "off";
  } catch {
    return true;
  }
}

/** Switches the letter keys on or off in this browser. */
export function setKeysOn(isOn: boolean): void {
  try {
    localStorage.setItem(STORAGE_KEY, isOn ? "on" : "off");
  } catch {
    // Storage is switched off: the keys stay on.
  }
}

/** Listens while mounted. `onHelp` opens the sheet of keys. */
export function useShortcuts(onHelp: () => void): void {
  useEffect(() => {
    let goPressedAt = Number.NEGATIVE_INFINITY;
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.altKey || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]") !== null) return;
      if (event.key === "Escape") return closeOpen();
      if (isTyping(event.target) || !areKeysOn()) return;
      const target = event.timeStamp - goPressedAt < PAIR_MS ? PAGES[event.key] : undefined;
      goPressedAt = event.key === "g" ? event.timeStamp : Number.NEGATIVE_INFINITY;
      if (target !== undefined) navigate(target);
      else if (event.key === "?") onHelp();
      else if (event.key === "n") navigate("/send");
      else if ((event.key === "j" || event.key === "k") && document.activeElement === document.body) focusFirstRow();
      else if (!press(event.key)) return;
      event.preventDefault();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, [onHelp]);
}

/** Leaves a field, or closes the open panel: by its link, or where it is a part of the query. */
function closeOpen(): void {
  const close = document.querySelector<HTMLElement>("[data-close]");
  if (isTyping(document.activeElement)) (document.activeElement as HTMLElement).blur();
  else if (close !== null) close.click();
  else patchQuery({ event: undefined, step: undefined });
}

function focusFirstRow(): void {
  document.querySelector<HTMLElement>("[data-row-link], [role=treeitem]")?.focus();
}

function press(key: string): boolean {
  const element = document.querySelector<HTMLElement>(`[data-shortcut="${CSS.escape(key)}"]`);
  if (element === null) return false;
  if (element instanceof HTMLButtonElement) element.click();
  else element.focus();
  return true;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));
}
