import { expect, test } from "vitest";
import { safeAddress } from "./address.ts";

test("a model's link leads to the web or to a mailbox, never to code or into this page", () => {
  const refused = ["javascript:alert(1)", " java\nscript:alert(1)", "data:text/html,x", "vbscript:x", "blob:x", "#/c/x", "/api/me", "//x", "file:///etc/passwd", undefined];
  for (const href of refused) expect(safeAddress(href), String(href)).toBeNull();
  expect(safeAddress("https://example.com/a")?.host).toBe("example.com");
  expect(safeAddress("mailto:a@example.com")?.pathname).toBe("a@example.com");
});
