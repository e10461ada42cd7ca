import { useState } from "react";
import type { Account } from "../api/people.ts";
import { useTexts } from "../texts/index.ts";
import { Notice } from "../ui/Notice.tsx";
import { Invitations } from "./Invitations.tsx";
import { NewPerson } from "./NewPerson.tsx";
import { Person } from "./Person.tsx";
import { stands, usePeople } from "./usePeople.ts";

/** For administrators: everybody's accounts, and how somebody new gets one. */
export function People() {
  const t = useTexts();
  const people = usePeople();
  const [chosen, setChosen] = useState<Account | null>(null);
  const found = people.data?.pages.flatMap((page) => page.items).filter(stands) ?? [];
  return (
    <div className="flex flex-col gap-6">
      {people.error && <Notice>{t.wentWrong(people.error.message)}</Notice>}
      <ul className="flex flex-col divide-y divide-line">
        {found.map((one) => (
          <li key={one.id}>
            <button type="button" aria-haspopup="dialog" className="flex w-full items-center gap-3 rounded-lg px-2 py-2 text-left hover:bg-raised" onClick={() => setChosen(one)}>
              <span className="min-w-0 flex-1">
                <bdi className="block truncate font-medium">{one.name}</bdi>
                <bdi className="block truncate text-sm text-faint">{one.email ?? t.noAccountThere}</bdi>
              </span>
              <span className={`text-sm ${one.disabled ? "text-danger" : "text-faint"}`}>{one.disabled ? t.disabled : t.roles[one.role]}</span>
            </button>
          </li>
        ))}
      </ul>
      {people.hasNextPage && (
        <button type="button" className="act-line self-start" disabled={people.isFetchingNextPage} onClick={() => void people.fetchNextPage()}>{t.more}</button>
      )}
      <NewPerson />
      <Invitations />
      {chosen && <Person person={found.find((one) => one.id === chosen.id) ?? chosen} onClose={() => setChosen(null)} />}
    </div>
  );
}
