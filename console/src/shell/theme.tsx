import type { JSX } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

type Theme = "system" | "light" | "dark";

const STORED = "penstock.theme";
const NEXT: Readonly<Record<Theme, Theme>> = { system: "light", light: "dark", dark: "system" };

/** Light, dark, or as the system has it; remembered by the browser. */
export function ThemeSwitch(): JSX.Element {
  const [theme, setTheme] = useState<Theme>(stored);
  // Before the first paint: nobody sees the other colours flash.
  useLayoutEffect(() => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    try {
      window.localStorage.setItem(STORED, theme);
    } catch {
      // A browser that keeps nothing shows the system's colours the next time.
    }
  }, [theme]);
  return (
    <button
      type="button"
      class="button theme"
      onClick={() => setTheme(NEXT[theme])}
      title="Light, dark, or as the system has it"
    >
      {theme === "system" ? "◐ system" : theme === "light" ? "○ light" : "● dark"}
    </button>
  );
}

function stored(): Theme {
  try {
    const value = window.localStorage.getItem(STORED);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system";
  }
}
