/** Light or dark: what the system prefers, or what the reader has chosen here. */

import { createStore } from "./store.ts";

type Theme = "light" | "dark";

const KEY = "theme";
const prefersDark = matchMedia("(prefers-color-scheme: dark)");

export const theme = createStore<Theme>(chosen() ?? (prefersDark.matches ? "dark" : "light"));

export function startTheme(): void {
  const show = (value: Theme) => document.documentElement.dataset.theme = value;
  show(theme.get());
  prefersDark.addEventListener("change", () => {
    if (chosen() === undefined) theme.set(prefersDark.matches ? "dark" : "light");
  });
  // Before the charts hear of it: they read the colours from the document.
  theme.follow(show);
}

export function switchTheme(): void {
  const next = theme.get() === "dark" ? "light" : "dark";
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // A browser that keeps nothing forgets the choice with the page.
  }
  theme.set(next);
}

function chosen(): Theme | undefined {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A colour of the style sheet: `--series-1`. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const SERIES_COLOURS = 8;

/** Whether another series of the chart has the same colour. */
export function isRepeated(index: number): boolean {
  return index >= SERIES_COLOURS;
}

export function seriesColour(index: number): string {
  return `--series-${index % SERIES_COLOURS + 1}`;
}
