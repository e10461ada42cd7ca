/** Where a model's link may lead: elsewhere, never to code or into this page. */
export function safeAddress(href: string | undefined): URL | null {
  try {
    const url = new URL(href ?? "");
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url : null;
  } catch {
    return null;
  }
}
