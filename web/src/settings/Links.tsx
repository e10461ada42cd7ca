import { useMutation } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { link } from "../api/account.ts";
import { useTexts } from "../texts/index.ts";
import { Field } from "../ui/Field.tsx";
import { Notice } from "../ui/Notice.tsx";

/** Joins a Slack or Discord identity to the account: the bot tells a code, this page confirms it. */
export function Links() {
  const t = useTexts();
  const join = useMutation({ mutationFn: link });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    join.mutate(String(new FormData(event.currentTarget).get("code")).trim());
  };
  return (
    <form className="flex flex-col gap-4" onSubmit={submit}>
      <p className="text-sm text-faint">{t.linksHelp}</p>
      <Field label={t.linkCode} name="code" required autoComplete="one-time-code" />
      {join.error && <Notice>{t.wentWrong(join.error.message)}</Notice>}
      {join.isSuccess && <p role="status">{t.linked}</p>}
      <button type="submit" className="act-main self-start" disabled={join.isPending}>{t.link}</button>
    </form>
  );
}
