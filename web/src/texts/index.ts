import { Store, useStore } from "../store.ts";
import { preference } from "../preferences.ts";
import { de } from "./de.ts";
import { en, type Texts } from "./en.ts";

export const languages = { en, de };
export type Language = keyof typeof languages;

const chosen = preference("language");
export const language = new Store<Language>(known(chosen) ?? known(navigator.language.slice(0, 2)) ?? "en");

function known(code: string | null): Language | null {
  return code !== null && code in languages ? (code as Language) : null;
}

function apply(): void {
  document.documentElement.lang = language.get();
}

apply();
language.subscribe(apply);

/** The page's texts in the person's language. */
export function useTexts(): Texts {
  return languages[useStore(language)];
}
