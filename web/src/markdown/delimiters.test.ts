import { expect, test } from "vitest";
import { withDollars } from "./delimiters.ts";

test("a formula is one however it is marked", () => {
  expect(withDollars("so \\(a^2\\) is")).toBe("so $$a^2$$ is");
  expect(withDollars("so $a^2$ is")).toBe("so $$a^2$$ is");
  expect(withDollars("\\[ a\n= b \\]")).toBe("$$\na\n= b\n$$");
  expect(withDollars("- x\n  \\[a\\]\n- y")).toBe("- x\n  $$\n  a\n  $$\n- y");
  expect(withDollars("$$a$$")).toBe("$$\na\n$$");
  expect(withDollars("in \\[a\\] between")).toBe("in $$a$$ between");
  expect(withDollars("$$\na\n$$\n\n$b$")).toBe("$$\na\n$$\n\n$$b$$");
});

test("prices, code, escapes and what is not closed stay as they are", () => {
  const same = [
    "It costs $5 today and $10 tomorrow.",
    "between $5-$10, or US$5 and 3$",
    "`$a$` and ``\\(a ` b\\)``",
    "```\n$a$\n\\[b\\]\n```",
    "~~~py\n$a$",
    "\\$a\\$ and \\\\(a\\\\)",
    "\\[ never closed",
    "\\[ a\n\nb \\]",
    "$ a $",
    "no formula at all",
  ];
  for (const text of same) expect(withDollars(text), text).toBe(text);
});

test("after code a formula is one again", () => {
  expect(withDollars("```\n$a$\n```\n$b$")).toBe("```\n$a$\n```\n$$b$$");
  expect(withDollars("a ` b $c$")).toBe("a ` b $$c$$");
});

test("nothing that a model writes makes it hang", () => {
  for (const piece of ["\\[", "\\(a\n\n", "$", "$a", "`", "```\n", "``` `` ` ", "$a\n\n$$"]) {
    withDollars(piece.repeat(20_000));
    withDollars(`${piece.repeat(20_000)}\\]`);
  }
});
