import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";

const NEAR = 48;
const EARLY = 1_500;
/** How long after a wheel, key or touch a scroll counts as the person's own. */
const OWN_MS = 500;
const OWN = ["wheel", "touchmove", "keydown", "pointerdown"] as const;

/**
 * Keeps the newest message in view until the person scrolls up, and asks for older ones before the top is reached.
 * What was just `asked` (the id of the last message, when it is a question) is always brought into view.
 */
export function useScroll(
  scroller: RefObject<HTMLDivElement | null>,
  asked: string | undefined,
  onOlder: () => void,
) {
  const pinned = useRef(true);
  const top = useRef(0);
  const [away, setAway] = useState(false);

  const acted = useRef(-Infinity);
  const toEnd = useCallback(() => {
    pinned.current = true;
    setAway(false);
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, [scroller]);
  /** What the person did before no longer counts: they asked for the end. */
  const goToEnd = useCallback(() => {
    acted.current = -Infinity;
    toEnd();
  }, [toEnd]);
  useLayoutEffect(() => {
    if (asked !== undefined) goToEnd();
    else if (pinned.current) toEnd();
  }, [asked, goToEnd, toEnd]);

  // What an answer adds changes the height of its message, long after it was put on the page.
  useEffect(() => {
    const list = scroller.current?.firstElementChild;
    if (!list) return;
    const observer = new ResizeObserver(() => pinned.current && toEnd());
    observer.observe(list);
    return () => observer.disconnect();
  }, [scroller, toEnd]);

  // Heights that are measured move the content as well: only the person's own scrolling takes them away from the end.
  useEffect(() => {
    const element = scroller.current;
    const act = (event: Event): void => {
      if (event.target instanceof HTMLTextAreaElement) return; // typed, not scrolled
      acted.current = performance.now();
    };
    OWN.forEach((name) => element?.addEventListener(name, act, { passive: true }));
    return () => OWN.forEach((name) => element?.removeEventListener(name, act));
  }, [scroller]);

  const onScroll = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    const below = element.scrollHeight - element.clientHeight - element.scrollTop;
    const own = performance.now() - acted.current < OWN_MS;
    if (below <= NEAR) pinned.current = true;
    else if (own && element.scrollTop < top.current) pinned.current = false;
    top.current = element.scrollTop;
    setAway(!pinned.current && below > NEAR);
    if (!pinned.current && element.scrollTop < EARLY) onOlder();
  }, [scroller, onOlder]);

  /** Stays where it is from now on. */
  const letGo = useCallback(() => {
    pinned.current = false;
  }, []);

  return { onScroll, goToEnd, letGo, away };
}
