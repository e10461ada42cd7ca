import { useState, type ReactNode } from "react";
import { InstructionsDialog } from "../models/InstructionsDialog.tsx";
import { ModelDialog } from "../models/ModelDialog.tsx";
import { useModels } from "../models/useModels.ts";
import { prefer } from "../preferences.ts";
import { useStore } from "../store.ts";
import { useTexts } from "../texts/index.ts";
import { Icon } from "../ui/Icon.tsx";
import type { ConversationSession } from "./session.ts";

/** Above a conversation: its title, the model that will answer, the instructions it gets. */
export function Header({ session, title, children }: { session: ConversationSession; title: string; children: ReactNode }) {
  const t = useTexts();
  const wishes = useStore(session.wishes);
  const { about } = useStore(session.view);
  const { default: fallback } = useModels();
  const [open, setOpen] = useState<"model" | "instructions" | null>(null);
  const model = wishes.model ?? about?.model ?? fallback;
  const close = (): void => setOpen(null);
  return (
    <header className="flex items-center gap-2 border-b border-line px-3 py-2">
      {children}
      <h2 className="min-w-0 flex-1 truncate font-medium"><bdi>{title}</bdi></h2>
      <button type="button" className="act max-w-[50vw] min-w-0 py-1 text-sm" aria-label={`${t.model}: ${model}`} aria-haspopup="dialog" onClick={() => setOpen("model")}>
        <span className="truncate">{model || t.model}</span> <Icon name="chevron" />
      </button>
      <button type="button" className="act-icon" aria-label={t.instructions} title={t.instructions} aria-haspopup="dialog" onClick={() => setOpen("instructions")}>
        <Icon name="sliders" />
      </button>
      {open === "model" && (
        <ModelDialog
          chosen={model}
          onClose={close}
          onChoose={(id) => {
            close();
            session.wishes.set({ ...wishes, model: id });
            prefer("model", id);
          }}
        />
      )}
      {open === "instructions" && (
        <InstructionsDialog
          system={wishes.system ?? about?.system ?? ""}
          onClose={close}
          onSave={(next) => {
            close();
            session.wishes.set({ ...wishes, system: next.system, ...(next.model ? { model: next.model } : {}) });
          }}
        />
      )}
    </header>
  );
}
