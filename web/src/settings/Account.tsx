import { useMutation } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { changePassword, signOutEverywhere } from "../api/account.ts";
import { leave, session } from "../api/session.ts";
import { useStore } from "../store.ts";
import { useTexts } from "../texts/index.ts";
import { Field } from "../ui/Field.tsx";
import { Notice } from "../ui/Notice.tsx";

/** Who one is, the password, and the end of every sign-in. */
export function AccountView() {
  const t = useTexts();
  const who = useStore(session);
  const everywhere = useMutation({ mutationFn: signOutEverywhere, onSuccess: leave });
  if (who.state !== "in") return null;
  const { user } = who;
  return (
    <div className="flex flex-col gap-6">
      <p>
        <bdi className="block font-medium">{user.name}</bdi>
        <bdi className="text-sm text-faint">{[user.email, user.role && t.roles[user.role]].filter(Boolean).join(" · ")}</bdi>
      </p>
      {user.email && <Password email={user.email} />}
      <section className="flex flex-col gap-2 border-t border-line pt-5">
        <h3 className="font-medium">{t.everywhere}</h3>
        <p className="text-sm text-faint">{t.everywhereHelp}</p>
        {everywhere.error && <Notice>{t.wentWrong(everywhere.error.message)}</Notice>}
        <button type="button" className="act-line self-start text-danger" disabled={everywhere.isPending} onClick={() => everywhere.mutate()}>
          {t.everywhereDo}
        </button>
      </section>
    </div>
  );
}

/** The server ends every sign-in with the old password; this one goes on with the new one. */
function Password({ email }: { email: string }) {
  const t = useTexts();
  const change = useMutation({
    mutationFn: ({ old, next }: { old: string; next: string }) => changePassword(email, old, next),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    change.mutate({ old: String(given.get("old")), next: String(given.get("new")) }, { onSuccess: () => form.reset() });
  };
  return (
    <form className="flex flex-col gap-3" onSubmit={submit}>
      <h3 className="font-medium">{t.changePassword}</h3>
      <input type="hidden" autoComplete="username" value={email} readOnly />
      <Field label={t.oldPassword} name="old" type="password" autoComplete="current-password" required />
      <Field label={t.newPassword} name="new" type="password" autoComplete="new-password" required />
      {change.error && <Notice>{t.wentWrong(change.error.message)}</Notice>}
      {change.isSuccess && <p role="status">{t.passwordChanged}</p>}
      <button type="submit" className="act-main self-start" disabled={change.isPending}>{t.changePassword}</button>
    </form>
  );
}
