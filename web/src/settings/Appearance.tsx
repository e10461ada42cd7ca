import { useId } from "react";
import { prefer } from "../preferences.ts";
import { useStore } from "../store.ts";
import { language, languages, useTexts, type Language } from "../texts/index.ts";
import { theme, themes } from "../theme.ts";
import { Labelled } from "../ui/Field.tsx";

export function Appearance() {
  const t = useTexts();
  const [colours, tongue] = [useId(), useId()];
  const chosen = useStore(theme);
  const spoken = useStore(language);
  const speak = (name: Language): void => {
    language.set(name);
    prefer("language", name);
  };
  return (
    <div className="flex flex-col gap-5">
      <Labelled id={colours} label={t.theme}>
        <select id={colours} className="field" value={chosen} onChange={(event) => theme.set(themes.find((name) => name === event.target.value)!)}>
          {themes.map((name) => <option key={name} value={name}>{t.themes[name]}</option>)}
        </select>
      </Labelled>
      <Labelled id={tongue} label={t.languageLabel}>
        <select id={tongue} className="field" value={spoken} onChange={(event) => speak(event.target.value as Language)}>
          {Object.entries(languages).map(([name, texts]) => <option key={name} value={name} lang={name}>{texts.language}</option>)}
        </select>
      </Labelled>
    </div>
  );
}
