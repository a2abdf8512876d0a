/** Keys that work on every page. Nothing happens while a text is being typed. Spec: dashboard 2.5. */
import { useEffect } from "react";
import { navigate } from "../router/location.tsx";

/** Time in which the second key of a pair must follow. */
const PAIR_MS = 1_200;

const PAGES: { readonly [key: string]: string } = { r: "/runs", e: "/events", f: "/functions", a: "/apps" };

/** Listens while mounted. */
export function useShortcuts(): void {
  useEffect(() => {
    let goPressedAt = Number.NEGATIVE_INFINITY;
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.altKey || event.ctrlKey || event.metaKey || isTyping(event.target)) return;
      const target = event.timeStamp - goPressedAt < PAIR_MS ? PAGES[event.key] : undefined;
      goPressedAt = event.key === "g" ? event.timeStamp : Number.NEGATIVE_INFINITY;
      if (target !== undefined) navigate(target);
      else if (event.key === "n") navigate("/send");
      else if (event.key === "/") document.querySelector<HTMLElement>("[data-shortcut='/']")?.focus();
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));
}
