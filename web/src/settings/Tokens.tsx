import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, type FormEvent } from "react";
import { createToken, revokeToken, tokens, type Token } from "../api/account.ts";
import { useStore } from "../store.ts";
import { language, useTexts } from "../texts/index.ts";
import { CopyButton } from "../ui/CopyButton.tsx";
import { Field, Labelled } from "../ui/Field.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Notice } from "../ui/Notice.tsx";

const SCOPES = ["chat", "history:read", "history:write"] as const;
const DAYS = [30, 90, 365];
const DAY_S = 86_400;

/** Personal tokens for programs. */
export function Tokens() {
  const t = useTexts();
  const client = useQueryClient();
  const list = useQuery({ queryKey: ["tokens"], queryFn: tokens });
  const again = (): Promise<void> => client.invalidateQueries({ queryKey: ["tokens"] });
  const revoke = useMutation({ mutationFn: revokeToken, onSuccess: again });
  const problem = list.error ?? revoke.error;
  return (
    <div className="flex flex-col gap-5">
      <p className="text-sm text-faint">{t.tokensHelp}</p>
      <NewToken onMade={() => void again()} />
      {problem && <Notice>{t.wentWrong(problem.message)}</Notice>}
      {list.data?.length === 0 && <p className="text-faint">{t.noTokens}</p>}
      <ul className="flex flex-col divide-y divide-line">
        {list.data?.map((token) => (
          <li key={token.id} className="flex items-center gap-3 py-2">
            <About token={token} />
            <button type="button" className="act text-danger" onClick={() => revoke.mutate(token.id)} aria-label={`${t.revoke}: ${token.name}`}>
              <Icon name="trash" /> {t.revoke}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function About({ token }: { token: Token }) {
  const t = useTexts();
  const date = new Intl.DateTimeFormat(useStore(language), { dateStyle: "medium" });
  const said = [
    token.scopes.join(", "),
    token.expires_at && t.endsOn(date.format(new Date(token.expires_at))),
    token.last_used_at && t.lastUsed(date.format(new Date(token.last_used_at))),
  ];
  return (
    <div className="min-w-0 flex-1">
      <bdi className="block truncate font-medium">{token.name}</bdi>
      <span className="text-sm text-faint">{said.filter(Boolean).join(" · ")}</span>
    </div>
  );
}

function NewToken({ onMade }: { onMade: () => void }) {
  const t = useTexts();
  const days = useId();
  const make = useMutation({
    mutationFn: (form: FormData) => {
      const scopes = form.getAll("scope").map(String);
      const ends = Number(form.get("days"));
      return createToken(String(form.get("name")), scopes, ends ? ends * DAY_S : null);
    },
    onSuccess: onMade,
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    make.mutate(new FormData(event.currentTarget));
    event.currentTarget.reset();
  };
  return (
    <>
      <form className="flex flex-col gap-3 rounded-lg border border-line p-3" onSubmit={submit}>
        <Field label={t.tokenName} name="name" required maxLength={100} />
        <fieldset className="flex flex-wrap gap-4">
          <legend className="mb-1 text-sm font-medium">{t.tokenScopes}</legend>
          {SCOPES.map((scope) => (
            <label key={scope} className="inline-flex items-center gap-2">
              <input type="checkbox" name="scope" value={scope} defaultChecked={scope !== "history:write"} /> {t.scopes[scope]}
            </label>
          ))}
        </fieldset>
        <Labelled id={days} label={t.tokenExpires}>
          <select id={days} name="days" className="field">
            {DAYS.map((n) => <option key={n} value={n}>{t.days(n)}</option>)}
            <option value="0">{t.never}</option>
          </select>
        </Labelled>
        <button type="submit" className="act-main self-start" disabled={make.isPending}>{t.createToken}</button>
      </form>
      {make.error && <Notice>{t.wentWrong(make.error.message)}</Notice>}
      {make.data && (
        <div role="status" className="rounded-lg bg-mine p-3">
          <p className="mb-1 text-sm">{t.newToken}</p>
          <p className="flex items-center gap-2 font-mono text-sm break-all">
            {make.data.token} <CopyButton text={make.data.token} label={t.copy} />
          </p>
        </div>
      )}
    </>
  );
}
