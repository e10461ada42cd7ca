import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { link, type LinkInfo } from "../api/account.ts";
import { useTexts } from "../texts/index.ts";
import { Field } from "../ui/Field.tsx";
import { Notice } from "../ui/Notice.tsx";

/** Joins a Slack or Discord identity to the account: the bot tells a code; whom it stands for is shown, then joined. */
export function Links() {
  const t = useTexts();
  const [code, setCode] = useState("");
  const ask = useMutation({ mutationFn: (confirm: boolean) => link(code.trim(), confirm) });
  const found = ask.data;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    ask.mutate(false);
  };
  return (
    <form className="flex flex-col gap-4" onSubmit={submit}>
      <p className="text-sm text-faint">{t.linksHelp}</p>
      <Field
        label={t.linkCode}
        required
        autoComplete="one-time-code"
        value={code}
        onChange={(event) => {
          setCode(event.target.value);
          ask.reset();
        }}
      />
      {ask.error && <Notice>{t.wentWrong(ask.error.message)}</Notice>}
      {found && <p role="status"><bdi>{found.linked ? t.linked : t.linkAsk(named(found))}</bdi></p>}
      {found && !found.linked ? (
        <button type="button" className="act-main self-start" disabled={ask.isPending} onClick={() => ask.mutate(true)}>{t.linkConfirm}</button>
      ) : (
        <button type="submit" className="act-main self-start" disabled={ask.isPending}>{t.link}</button>
      )}
    </form>
  );
}

function named(found: LinkInfo): string {
  const identities = found.identities.map((one) => `${one.platform} ${one.user_id}`);
  return `${found.name} (${identities.join(", ")})`;
}
