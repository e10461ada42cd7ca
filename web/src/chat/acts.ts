import { createContext } from "react";

/** What a person can do with a message. One object for a conversation's life, so that messages need not render again. */
export interface Acts {
  edit: (id: string, text: string) => void;
  retry: (id: string) => void;
  retryWith: (id: string) => void;
  goOn: (id: string) => void;
  fork: (id: string) => void;
  show: (id: string) => void;
}

/** The message whose text is being edited, by its `keyOf`: a question gets another id when it is stored. */
export const Editing = createContext<{ id: string | null; set: (id: string | null) => void }>({
  id: null,
  set: () => undefined,
});
