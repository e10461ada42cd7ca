import type { ReactNode } from "react";
import { useTexts } from "../texts/index.ts";
import { safeAddress } from "./address.ts";

/** A link that says where it goes: its host stands beside it unless its text is the address itself. */
export function Link({ href, children }: { href?: string | undefined; children?: ReactNode }) {
  const t = useTexts();
  const url = safeAddress(href);
  if (!url) return <bdi>{children}</bdi>;
  const place = url.host || url.pathname;
  const plain = children === href || children === url.pathname;
  return (
    <a href={url.href} target="_blank" rel="noopener noreferrer nofollow" title={t.opensAt(url.href)}>
      <bdi>{children}</bdi>
      {plain || <span className="text-sm text-faint"> ({place})</span>}
    </a>
  );
}

/** An image from elsewhere is not loaded: that would tell its host who reads this, and when. */
export function Picture({ src, alt }: { src?: string | undefined; alt?: string | undefined }) {
  const t = useTexts();
  const url = safeAddress(src);
  if (!url) return <bdi>{alt}</bdi>;
  return (
    <Link href={url.href}>
      {alt || t.image(url.host)}
    </Link>
  );
}
