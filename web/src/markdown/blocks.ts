import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { mathFromMarkdown } from "mdast-util-math";
import { gfm } from "micromark-extension-gfm";
import { math } from "micromark-extension-math";
import type { Root } from "mdast";

export function parse(source: string): Root {
  return fromMarkdown(source, {
    extensions: [gfm(), math({ singleDollarTextMath: false })],
    mdastExtensions: [gfmFromMarkdown(), mathFromMarkdown()],
  });
}

/** One top-level piece of a document; `start` is where it begins. Later text never changes one that is not the last. */
export interface Block {
  start: number;
  source: string;
}

/** What one block says can depend on another one only through these: link definitions and footnotes. */
const REFERS = /^ {0,3}\[[^\]\n]+\]:/m;

/**
 * Cuts a growing text into blocks. Each piece of it is parsed while it is in the last block and then never again, so
 * that a whole answer costs what it is long.
 */
export class Blocks {
  #text = "";
  #done: Block[] = [];
  #open = 0;

  update(text: string): Block[] {
    if (REFERS.test(text)) return [{ start: 0, source: text }];
    if (!text.startsWith(this.#text)) this.#done = [];
    if (this.#done.length === 0) this.#open = 0;
    this.#text = text;
    this.#close();
    const rest = text.slice(this.#open);
    return rest.trim() ? [...this.#done, { start: this.#open, source: rest }] : this.#done;
  }

  /** All but the last block of what is open can grow no more. */
  #close(): void {
    const rest = this.#text.slice(this.#open);
    const starts = parse(rest).children.map((node) => node.position?.start.offset ?? 0);
    const from = this.#open;
    for (const [place, start] of starts.slice(0, -1).entries()) {
      this.#done.push({ start: from + start, source: rest.slice(start, starts[place + 1]) });
    }
    this.#open = from + (starts.at(-1) ?? 0);
  }
}
