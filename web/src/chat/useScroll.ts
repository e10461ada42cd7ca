import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";

const NEAR = 48;
const EARLY = 1_500;

/**
 * Keeps the newest message in view until the person scrolls up, and asks for older ones before the top is reached.
 */
export function useScroll(scroller: RefObject<HTMLDivElement | null>, count: number, onOlder: () => void) {
  const pinned = useRef(true);
  const top = useRef(0);
  const [away, setAway] = useState(false);

  const toEnd = useCallback(() => {
    pinned.current = true;
    setAway(false);
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, [scroller]);

  // What an answer adds changes the height of its message, long after it was put on the page.
  useEffect(() => {
    const list = scroller.current?.firstElementChild;
    if (!list) return;
    const observer = new ResizeObserver(() => pinned.current && toEnd());
    observer.observe(list);
    return () => observer.disconnect();
  }, [scroller, toEnd]);
  useLayoutEffect(() => {
    if (pinned.current) toEnd();
  }, [count, toEnd]);

  const onScroll = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    const below = element.scrollHeight - element.clientHeight - element.scrollTop;
    if (below <= NEAR) pinned.current = true;
    else if (element.scrollTop < top.current) pinned.current = false;
    top.current = element.scrollTop;
    setAway(!pinned.current && below > NEAR);
    if (!pinned.current && element.scrollTop < EARLY) onOlder();
  }, [scroller, onOlder]);

  return { onScroll, toEnd, away };
}
