import { prefer, preference } from "./preferences.ts";
import { Store } from "./store.ts";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

const kept = themes.find((name) => name === preference("theme"));
export const theme = new Store<Theme>(kept ?? "system");

function apply(): void {
  const name = theme.get();
  if (name === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = name;
}

apply();
theme.subscribe(() => {
  apply();
  prefer("theme", theme.get());
});
