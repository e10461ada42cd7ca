const FIRST_MS = 300;
const LONGEST_MS = 8_000;

/** Resolves after a growing while, or as soon as the browser says that the network is back. */
export function untilItMayWork(tries: number): Promise<void> {
  const delay = Math.min(LONGEST_MS, FIRST_MS * 2 ** tries) * (0.5 + Math.random() / 2);
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, delay);
    addEventListener("online", done);
  });
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
