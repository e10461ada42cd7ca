import { expect, test } from "vitest";
import { Blocks, parse } from "./blocks.ts";

const sample = [
  "# A title\n\nSome *words*\nover lines.\n\n",
  "- one\n- two\n\n  with a second paragraph\n\n- three\n\n",
  "```py\nprint('a')\n\n# not a title\n```\n\n",
  "| a | b |\n|---|---|\n| 1 | 2 |\n\n> quoted\nlazy\n\n",
  "Setext\n===\n\n    indented code\n\n    more\n\n<div>\n\nend",
].join("");

test("however a text grows, its blocks are those of the whole", () => {
  for (const step of [1, 2, 3, 7, 19]) {
    const blocks = new Blocks();
    let grown = blocks.update("");
    for (let end = step; end < sample.length; end += step) grown = blocks.update(sample.slice(0, end));
    grown = blocks.update(sample);
    const whole = parse(sample).children.map((node) => node.type);
    expect(grown.flatMap((block) => parse(block.source).children.map((node) => node.type))).toEqual(whole);
    expect(grown.map((block) => block.source).join("").trim()).toBe(sample.trim());
  }
});

test("a block that is not the last one stays as it is", () => {
  const blocks = new Blocks();
  const before = blocks.update("one\n\ntwo\n\nthr");
  const after = blocks.update("one\n\ntwo\n\nthree\n\nfour");
  expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
  expect(after[0]).toBe(before[0]);
});

test("another text begins anew", () => {
  const blocks = new Blocks();
  blocks.update("one\n\ntwo");
  expect(blocks.update("x\n\ny").map((block) => block.source.trim())).toEqual(["x", "y"]);
});

test("a text with link definitions stays whole", () => {
  expect(new Blocks().update("[a]\n\nmore\n\n[a]: https://example.com\n")).toHaveLength(1);
});
