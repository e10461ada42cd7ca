import { useMutation } from "@tanstack/react-query";
import { uninvite } from "../api/people.ts";
import { useStore } from "../store.ts";
import { language, useTexts } from "../texts/index.ts";
import { Notice } from "../ui/Notice.tsx";
import { useInvitations, usePeopleChanged } from "./usePeople.ts";

/** Codes that nobody has used yet. */
export function Invitations() {
  const t = useTexts();
  const date = new Intl.DateTimeFormat(useStore(language), { dateStyle: "medium" });
  const list = useInvitations();
  const changed = usePeopleChanged();
  const back = useMutation({ mutationFn: uninvite, onSettled: changed });
  const problem = list.error ?? back.error;
  if (!problem && !list.data?.length) return null;
  return (
    <section className="flex flex-col gap-2">
      <h3 className="font-medium">{t.invitations}</h3>
      {problem && <Notice>{t.wentWrong(problem.message)}</Notice>}
      <ul className="flex flex-col divide-y divide-line">
        {list.data?.map((one) => (
          <li key={one.id} className="flex items-center gap-3 py-2">
            <span className="min-w-0 flex-1">
              <bdi className="block truncate">{one.email ?? t.anybody}</bdi>
              <span className="text-sm text-faint">{t.roles[one.role]} · {t.endsOn(date.format(new Date(one.expires_at)))}</span>
            </span>
            <button type="button" className="act text-danger" disabled={back.isPending} aria-label={`${t.revoke}: ${one.email ?? t.anybody}`} onClick={() => back.mutate(one.id)}>
              {t.revoke}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
