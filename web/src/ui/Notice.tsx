import type { ReactNode } from "react";

/** Something that went wrong, told at once to those who do not see it. */
export function Notice({ children }: { children: ReactNode }) {
  return (
    <div role="alert" className="rounded-lg bg-danger-soft px-4 py-3 text-danger">
      {children}
    </div>
  );
}
