import { Chat } from "@ai-sdk/react";
import type { FileUIPart } from "ai";
import { change, conversation, messages, stopTurn } from "../api/calls.ts";
import { ApiError, LostError } from "../api/errors.ts";
import { inlined } from "../api/files.ts";
import { newId } from "../ids.ts";
import type { Conversation } from "../api/types.ts";
import { Store } from "../store.ts";
import { shown, type Shown } from "./shown.ts";
import { transport, type Ask } from "./transport.ts";
import { Tree } from "./tree.ts";
import { pause, untilItMayWork } from "./waiting.ts";
import type { Wishes } from "./wishes.ts";

const PAGE = 50;
const FOLLOW_MS = 700;

export interface View {
  phase: "new" | "loading" | "ready" | "missing";
  about: Conversation | null;
  /** What it is called, as soon as that is told: before `about` is read. */
  title: string | null;
  /** Whether there are older messages than those that are shown. */
  older: boolean;
  lost: boolean;
  /** The turn that runs was started on another front end, and is followed by looking at what is stored. */
  elsewhere: boolean;
  refusal: ApiError | null;
}

export interface Draft {
  text: string;
  files: FileUIPart[];
}

/**
 * One conversation as this page knows it. `chat` (the AI SDK's) holds what is shown and reads the running answer; the
 * tree holds what is stored. When a stream ends, however it ends, what is stored decides.
 */
export class ConversationSession {
  readonly id: string;
  readonly chat: Chat<Shown>;
  readonly view: Store<View>;
  readonly tree = new Tree();
  readonly wishes = new Store<Wishes>({});
  /** Called with the title of this conversation when it is told, and with null when something of it changed. */
  onChange: (title: string | null) => void = () => undefined;
  /** Called with what could not be sent, so that nothing typed is lost. */
  onUnsent: (draft: Draft) => void = () => undefined;

  #leaf: string | null = null;
  #cursor: string | null = null;
  #settling: Promise<void> | null = null;
  #asking: string | null = null;
  #resuming = false;
  #unsent: Draft | null = null;
  /** The client's id of a question, by the one that it was stored under: the same element on the screen. */
  readonly #keys = new Map<string, string>();

  constructor(id: string, isNew: boolean) {
    this.id = id;
    this.view = new Store<View>({
      phase: isNew ? "new" : "loading",
      about: null,
      title: null,
      older: false,
      lost: false,
      elsewhere: false,
      refusal: null,
    });
    this.chat = new Chat<Shown>({
      id,
      generateId: newId,
      transport: transport((lost) => this.#see({ lost })),
      onData: (part) => {
        if (part.type === "data-conversation") this.#named((part.data as { title: string }).title);
      },
      onError: (error) => this.refused(error),
      onFinish: ({ message }) => this.#ended(message),
    });
    if (!isNew) void this.settle();
  }

  get busy(): boolean {
    return this.chat.status === "submitted" || this.chat.status === "streaming" || this.view.get().elsewhere;
  }

  keyOf(id: string): string {
    return this.#keys.get(id) ?? id;
  }

  async send(draft: Draft, wishes: Wishes): Promise<void> {
    const client_id = newId();
    const parent_id = this.#leaf;
    this.#unsent = draft;
    await this.#run({ kind: "submit", client_id, parent_id, ...wishes }, (body) =>
      this.chat.sendMessage({ id: client_id, role: "user", parts: partsOf(draft) }, { body }),
    );
  }

  /** Its files go along: the new question has them as the old one had. */
  async edit(id: string, text: string, wishes: Wishes): Promise<void> {
    const kept = this.#message(id)?.parts.filter((part) => part.type === "file") ?? [];
    this.#unsent = { text, files: kept };
    try {
      this.#unsent = { text, files: await Promise.all(kept.map(inlined)) };
    } catch (error) {
      if (error instanceof LostError) this.#see({ lost: true });
      this.refused(error);
      return this.#giveBack();
    }
    const message = { id, role: "user" as const, parts: partsOf(this.#unsent) };
    await this.#run({ kind: "edit", client_id: newId(), message_id: id, ...wishes }, (body) =>
      this.chat.sendMessage({ ...message, messageId: id }, { body }),
    );
  }

  async regenerate(id: string, wishes: Wishes): Promise<void> {
    await this.#run({ kind: "regenerate", client_id: newId(), message_id: id, ...wishes }, (body) =>
      this.chat.regenerate({ messageId: id, body }),
    );
  }

  async goOn(id: string, wishes: Wishes): Promise<void> {
    await this.#run({ kind: "continue", client_id: newId(), message_id: id, ...wishes }, (body) =>
      this.chat.regenerate({ messageId: id, body }),
    );
  }

  /** The turn ends, on whatever front end it was started, and its reader gets the end. */
  async stop(): Promise<void> {
    // Before its first event the turn may not be there yet.
    for (let tries = 0; this.chat.status === "submitted" && tries < 50; tries++) await pause(40);
    await stopTurn(this.id).catch((error: unknown) => this.refused(error));
  }

  /** Shows the branch through another version of a message; what is asked next goes on there. */
  show(id: string): void {
    this.#leaf = this.tree.newestLeaf(id);
    this.#display();
    void change(this.id, { leaf_id: this.#leaf }).catch(() => undefined); // remembered when the server can
  }

  async loadOlder(): Promise<void> {
    if (!this.view.get().older || this.busy) return;
    const before = this.tree.branch(this.#leaf).length;
    do {
      const page = await messages(this.id, this.#cursor, PAGE);
      this.tree.add(page.items);
      this.#cursor = page.next;
    } while (this.#cursor && this.tree.branch(this.#leaf).length === before);
    if (!this.busy) this.#display();
  }

  /** Takes over what the list says of it, and looks whether the conversation went on elsewhere. */
  heard(about: Conversation): void {
    const known = this.view.get().about;
    if (known && known.title !== about.title) this.#see({ about: { ...known, title: about.title }, title: about.title });
    if (!known || this.#settling || this.#asking || about.updated_at === known.updated_at) return;
    void this.settle();
  }

  /** Brings what is shown in line with what is stored, and follows the turn that runs, until none does. */
  settle(): Promise<void> {
    const before = this.#settling ?? Promise.resolve();
    const mine = before
      .then(() => this.#settle())
      .finally(() => {
        if (this.#settling === mine) this.#settling = null;
      });
    this.#settling = mine;
    return mine;
  }

  #named(title: string): void {
    this.#see({ title });
    this.onChange(title);
  }

  #ended(answer: Shown): void {
    const question = answer.metadata?.parent_id;
    if (question && this.#asking) this.#keys.set(question, this.#asking);
    this.#asking = null;
    if (!this.#resuming) void this.settle();
  }

  async #settle(): Promise<void> {
    for (let tries = 0; ; ) {
      try {
        await this.#load();
        tries = 0;
        this.#see({ lost: false });
        if (this.view.get().refusal?.status === 401) this.#see({ refusal: null }); // signed in again since
        if (this.#asking || !this.#running()) break;
        await this.#follow();
      } catch (error) {
        if (!(error instanceof LostError)) return this.#failed(error);
        this.#see({ lost: true });
        await untilItMayWork(tries++);
      }
    }
    this.#see({ elsewhere: false });
    this.onChange(null);
  }

  /** Reads the running turn's stream to its end. A turn of another process has none here: it is looked at again. */
  async #follow(): Promise<void> {
    this.#resuming = true;
    await this.chat.resumeStream().finally(() => (this.#resuming = false));
    await this.#load();
    this.#see({ elsewhere: this.#running() });
    if (this.#running()) await pause(FOLLOW_MS);
  }

  async #load(): Promise<void> {
    const first = this.#leaf === null;
    const [about, page] = await Promise.all([conversation(this.id), messages(this.id, null, PAGE)]);
    this.tree.add(page.items);
    if (first) this.#cursor = page.next;
    this.#leaf = page.leaf ?? page.items[0]?.id ?? null;
    while (this.#cursor && this.tree.branch(this.#leaf).length === 0) {
      const older = await messages(this.id, this.#cursor, PAGE);
      this.tree.add(older.items);
      this.#cursor = older.next;
    }
    this.#see({ phase: "ready", about, title: about.title });
    this.#display();
  }

  #display(): void {
    if (this.#asking) return; // what is being asked is not stored yet
    const branch = this.tree.branch(this.#leaf);
    this.chat.messages = branch.map(shown);
    this.#see({ older: branch[0]?.parent_id !== undefined && this.#cursor !== null });
  }

  #running(): boolean {
    return this.tree.get(this.#leaf)?.status === "streaming";
  }

  async #run(ask: Ask, act: (body: Ask) => Promise<void>): Promise<void> {
    this.#see({ refusal: null, phase: "ready" });
    this.chat.clearError();
    this.#asking = ask.client_id;
    await act(ask);
    this.#asking = null;
    this.#unsent = null;
  }

  readonly refused = (error: unknown): void => {
    if (!(error instanceof ApiError)) return; // a stream that broke is taken up again, and one that failed says why
    this.#see({ refusal: error });
    this.#giveBack();
  };

  #giveBack(): void {
    if (this.#unsent) this.onUnsent(this.#unsent);
    this.#unsent = null;
  }

  #failed(error: unknown): void {
    const gone = error instanceof ApiError && error.status === 404;
    if (!gone && error instanceof ApiError) this.#see({ refusal: error });
    if (gone && this.tree.branch(this.#leaf).length === 0) {
      this.chat.messages = [];
      this.#see({ phase: this.view.get().phase === "loading" ? "missing" : "new" });
    }
  }

  #message(id: string): Shown | undefined {
    return this.chat.messages.find((message) => message.id === id);
  }

  #see(part: Partial<View>): void {
    this.view.set({ ...this.view.get(), ...part });
  }
}

function partsOf(draft: Draft): Shown["parts"] {
  return [...draft.files, ...(draft.text ? [{ type: "text" as const, text: draft.text }] : [])];
}
