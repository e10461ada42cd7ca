/**
 * Formulas in one form, `$$`, however the model marked them: `\\(a\\)`, `\\[a\\]`, `$a$`, `$$a$$`. Code stays as it is, and so
 * do prices: a single `$` begins a formula only as Pandoc has it (pandoc.org/MANUAL.html#math): no blank after the first,
 * none before the second, no digit after it; nor does one at the end of a word. A formula has no blank line. Linear in the text, whatever is in it.
 */
export function withDollars(source: string): string {
  return /\$|\\[([]/.test(source) ? new Scanner(source).run() : source;
}

class Scanner {
  readonly #source: string;
  readonly #found = new Map<string, number>();
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  run(): string {
    let out = "";
    while (this.#at < this.#source.length) {
      const from = this.#at;
      out += this.#step() ?? this.#source.slice(from, this.#at);
    }
    return out;
  }

  /** Moves on by a piece. Returns what stands for it; null: it is the same. */
  #step(): string | null {
    const code = this.#lineBegins() && this.#match(/ {0,3}(`{3,}|~{3,})[^\n]*/y);
    if (code) return this.#skip(this.#endOfFence(code));
    const ticks = this.#match(/`+/y);
    if (ticks) return this.#skip(this.#endOfSpan(ticks[0]));
    if (this.#starts("\\[")) return this.#formula("\\[", "\\]", true);
    if (this.#starts("\\(")) return this.#formula("\\(", "\\)", false);
    if (this.#starts("\\")) return this.#skip(this.#at + 2);
    if (this.#starts("$$")) return this.#formula("$$", "$$", true);
    const single = this.#match(/(?<![\w$])\$(?=[^\s$])((?:\\.|[^$\\\n]){1,1000})(?<=\S)\$(?![\d$])/y);
    if (single) return this.#put(this.#at + single[0].length, inline(single[1]!));
    const plain = this.#match(/\n|[^\n`\\$]+/y);
    return this.#skip(this.#at + (plain?.[0].length ?? 1));
  }

  #formula(open: string, close: string, display: boolean): string | null {
    const from = this.#at + open.length;
    const end = this.#next(close, from);
    if (end < 0 || end === from || within(this.#next("\n\n", from), end)) return this.#skip(from);
    const tex = this.#source.slice(from, end).trim();
    const after = end + close.length;
    const indent = display ? this.#alone(after) : null;
    return this.#put(after, indent === null ? inline(tex) : `$$\n${indent}${tex}\n${indent}$$`);
  }

  /** What stands before it in its line, when that is blank and so is what follows; else null. */
  #alone(after: number): string | null {
    const before = this.#source.slice(this.#source.lastIndexOf("\n", this.#at - 1) + 1, this.#at);
    return /^ *$/.test(before) && /^ *(\n|$)/.test(this.#source.slice(after, after + 80)) ? before : null;
  }

  #endOfFence(code: RegExpExecArray): number {
    const fence = code[1]!;
    const closing = new RegExp(`\\n {0,3}${fence[0]}{${fence.length},}[ \\t]*(?=\\n|$)`, "g");
    closing.lastIndex = this.#at + code[0].length;
    return closing.test(this.#source) ? closing.lastIndex : this.#source.length;
  }

  #endOfSpan(ticks: string): number {
    const from = this.#at + ticks.length;
    for (let end = this.#next(ticks, from); end >= 0; ) {
      const run = /`+/y;
      run.lastIndex = end;
      const length = run.exec(this.#source)![0].length;
      if (length === ticks.length) return end + length;
      end = this.#source.indexOf(ticks, end + length);
    }
    return from;
  }

  /** Where this is found next, -1: nowhere. It is looked for once, however many places ask. */
  #next(what: string, from: number): number {
    const known = this.#found.get(what);
    if (known !== undefined && (known < 0 || known >= from)) return known;
    const found = this.#source.indexOf(what, from);
    this.#found.set(what, found);
    return found;
  }

  #lineBegins(): boolean {
    return this.#at === 0 || this.#source[this.#at - 1] === "\n";
  }

  #starts(what: string): boolean {
    return this.#source.startsWith(what, this.#at);
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#source);
  }

  #skip(to: number): null {
    this.#at = to;
    return null;
  }

  #put(to: number, text: string): string {
    this.#at = to;
    return text;
  }
}

const within = (place: number, end: number): boolean => place >= 0 && place < end;

const inline = (tex: string): string => `$$${tex.replace(/\s+/g, " ")}$$`;
