import type { Texts } from "../texts/en.ts";

const DAY_MS = 86_400_000;

/** The title under which a conversation stands: the day it was used last, then the month. `today`: the local midnight
 * that began it, in milliseconds. */
export function groupOf(used: Date, today: number, t: Texts, month: Intl.DateTimeFormat): string {
  // Rounded: a day on which clocks are set has 23 or 25 hours.
  const days = Math.round((today - new Date(used).setHours(0, 0, 0, 0)) / DAY_MS);
  if (days <= 0) return t.today;
  if (days === 1) return t.yesterday;
  if (days <= 7) return t.lastWeek;
  return days <= 30 ? t.lastMonth : month.format(used);
}
