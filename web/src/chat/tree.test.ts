import { expect, test } from "vitest";
import type { Row } from "../api/types.ts";
import { Tree } from "./tree.ts";

const row = (id: string, parent: string | null, role: Row["role"], second: number): Row => ({
  id,
  ...(parent === null ? {} : { parent_id: parent }),
  role,
  text: id,
  status: "complete",
  created_at: `2026-11-25T00:00:${String(second).padStart(2, "0")}Z`,
});

// q1 - a1 - q2 - a2      q2 was edited (q2b), a1 was answered again (a1b)
//    \ a1b     \ a2' below q2b
const rows = [
  row("q1", null, "user", 1),
  row("a1", "q1", "assistant", 2),
  row("q2", "a1", "user", 3),
  row("a2", "q2", "assistant", 4),
  row("q2b", "a1", "user", 5),
  row("a2b", "q2b", "assistant", 6),
  row("a1b", "q1", "assistant", 7),
];

const ids = (found: Row[]): string[] => found.map(({ id }) => id);

function tree(known: Row[] = rows): Tree {
  const made = new Tree();
  made.add(known);
  return made;
}

test("a branch goes from the root to its leaf", () => {
  expect(ids(tree().branch("a2"))).toEqual(["q1", "a1", "q2", "a2"]);
  expect(ids(tree().branch("a1b"))).toEqual(["q1", "a1b"]);
  expect(tree().branch(null)).toEqual([]);
});

test("a branch begins at the oldest message that is known", () => {
  expect(ids(tree(rows.slice(2)).branch("a2"))).toEqual(["q2", "a2"]);
});

test("siblings are the versions of a message, oldest first", () => {
  expect(ids(tree().siblings("q2b"))).toEqual(["q2", "q2b"]);
  expect(ids(tree().siblings("a1"))).toEqual(["a1", "a1b"]);
  expect(ids(tree().siblings("q1"))).toEqual(["q1"]);
  expect(tree().siblings("nobody")).toEqual([]);
});

test("the newest leaf below a version is the one that was used last", () => {
  expect(tree().newestLeaf("a1")).toBe("a2b");
  expect(tree().newestLeaf("q2")).toBe("a2");
  expect(tree().newestLeaf("a1b")).toBe("a1b");
});

test("a message that did not change stays the same object", () => {
  const made = tree();
  const before = made.get("a2");
  made.add(rows.map((one) => ({ ...one })));
  expect(made.get("a2")).toBe(before);
  made.add([{ ...rows[3]!, text: "more" }]);
  expect(made.get("a2")?.text).toBe("more");
});
