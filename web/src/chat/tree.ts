import type { Row } from "../api/types.ts";

/** What is known of a conversation's tree of messages: newer parts first, older ones as they are read. */
export class Tree {
  readonly #rows = new Map<string, Row>();
  readonly #children = new Map<string | undefined, Set<string>>();

  add(rows: readonly Row[]): void {
    for (const row of rows) {
      const known = this.#rows.get(row.id);
      // The same object as long as nothing changed: what is on the screen need not be drawn again.
      if (known && JSON.stringify(known) === JSON.stringify(row)) continue;
      this.#rows.set(row.id, row);
      const children = this.#children.get(row.parent_id) ?? new Set();
      this.#children.set(row.parent_id, children.add(row.id));
    }
  }

  get(id: string | null | undefined): Row | undefined {
    return id == null ? undefined : this.#rows.get(id);
  }

  /** From the oldest known message to `leaf`. It may begin below the root: older ones are read on demand. */
  branch(leaf: string | null): Row[] {
    const found: Row[] = [];
    for (let row = this.get(leaf); row; row = this.get(row.parent_id)) found.push(row);
    return found.reverse();
  }

  /** The messages below the same parent, this one among them, oldest first: edits of a question, other answers. */
  siblings(id: string): Row[] {
    const row = this.get(id);
    if (!row) return [];
    return this.#below(row.parent_id).filter((other) => other.role === row.role);
  }

  /** The end of the branch that goes through this message and was used last. */
  newestLeaf(id: string): string {
    for (let leaf = id; ; ) {
      const next = this.#below(leaf).at(-1);
      if (!next) return leaf;
      leaf = next.id;
    }
  }

  #below(parent: string | undefined): Row[] {
    const found = [...(this.#children.get(parent) ?? [])].map((id) => this.#rows.get(id)!);
    return found.sort((a, b) => a.created_at.localeCompare(b.created_at) || a.id.localeCompare(b.id));
  }
}
