/** How a person likes the page, on this device. Nothing secret is ever kept here. */
type Name = "language" | "theme" | "model";

export function preference(name: Name): string | null {
  try {
    return localStorage.getItem(`chatops.${name}`);
  } catch {
    return null; // a browser that forbids storage still shows the page
  }
}

export function prefer(name: Name, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`chatops.${name}`);
    else localStorage.setItem(`chatops.${name}`, value);
  } catch {
    // likewise
  }
}
