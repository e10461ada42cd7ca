import { expect, test } from "vitest";
import { newId } from "./ids.ts";

test("ids are UUIDs of version 7 that sort by their age", () => {
  const [older, newer] = [newId(1_700_000_000_000), newId(1_700_000_000_001)];
  expect(older).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(older < newer).toBe(true);
  expect(older.replaceAll("-", "").slice(0, 12)).toBe((1_700_000_000_000).toString(16).padStart(12, "0"));
});
