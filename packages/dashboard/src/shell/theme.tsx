/** Light, dark, or as the system says. Kept in this browser. */
import { useState } from "react";
import type { ReactNode } from "react";

type Theme = "system" | "light" | "dark";

const NEXT: { readonly [theme in Theme]: Theme } = { system: "light", light: "dark", dark: "system" };
const KEY = "pawl.theme";

/** A button that goes through the themes. */
export function ThemeButton(): ReactNode {
  const [theme, setTheme] = useState<Theme>(readTheme);
  const onClick = (): void => {
    const next = NEXT[theme];
    setTheme(next);
    if (next === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = next;
    keep(next);
  };
  return (
    <button type="button" className="quiet-button" onClick={onClick} title="Change the theme" aria-label={`Theme: ${theme}`}>
      {theme === "system" ? "Auto" : theme === "light" ? "Light" : "Dark"}
    </button>
  );
}

function readTheme(): Theme {
  const theme = document.documentElement.dataset["theme"];
  return theme === "light" || theme === "dark" ? theme : "system";
}

function keep(theme: Theme): void {
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Storage is switched off: the theme lasts as long as the page.
  }
}
