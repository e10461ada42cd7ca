import { expect, test } from "vitest";
import { en } from "../texts/en.ts";
import { groupOf } from "./groups.ts";

const month = new Intl.DateTimeFormat("en", { month: "long", year: "numeric" });
const today = new Date(2026, 10, 25).getTime();
const group = (...at: [number, number, number, number, number]): string => groupOf(new Date(...at), today, en, month);

test("a conversation stands under the day of its last use, then under the month", () => {
  expect(group(2026, 10, 25, 0, 0)).toBe("Today");
  expect(group(2026, 10, 26, 3, 0)).toBe("Today"); // a clock that is ahead
  expect(group(2026, 10, 24, 23, 59)).toBe("Yesterday");
  expect(group(2026, 10, 18, 0, 0)).toBe("Previous 7 days");
  expect(group(2026, 10, 17, 23, 59)).toBe("Previous 30 days");
  expect(group(2026, 9, 26, 0, 0)).toBe("Previous 30 days");
  expect(group(2026, 9, 25, 23, 0)).toBe("October 2026");
  expect(group(2025, 11, 31, 12, 0)).toBe("December 2025");
});
