import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { link, linked, unlink, type Identity, type LinkInfo } from "../api/account.ts";
import { useTexts } from "../texts/index.ts";
import { Field } from "../ui/Field.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Notice } from "../ui/Notice.tsx";

const KEY = ["links"];
const PLATFORMS: Record<string, string> = { slack: "Slack", discord: "Discord" };

/** The chat platforms' users that are joined with the account, and the form that joins another one. */
export function Links() {
  const t = useTexts();
  const client = useQueryClient();
  const list = useQuery({ queryKey: KEY, queryFn: linked, staleTime: 0 });
  const part = useMutation({ mutationFn: unlink, onSettled: () => client.invalidateQueries({ queryKey: KEY }) });
  const problem = list.error ?? part.error;
  return (
    <div className="flex flex-col gap-5">
      <p className="text-sm text-faint">{t.linksHelp}</p>
      <Join onJoined={() => void client.invalidateQueries({ queryKey: KEY })} />
      {problem && <Notice>{t.wentWrong(problem.message)}</Notice>}
      {list.data?.length === 0 && <p className="text-faint">{t.noLinks}</p>}
      <ul className="flex flex-col divide-y divide-line">
        {list.data?.map((one) => (
          <li key={`${one.platform} ${one.user_id}`} className="flex items-center gap-3 py-2">
            <Icon name="link" />
            <bdi className="min-w-0 flex-1 truncate">{shown(one)}</bdi>
            <button type="button" className="act text-danger" disabled={part.isPending} onClick={() => part.mutate(one)} aria-label={`${t.unlink}: ${shown(one)}`}>
              {t.unlink}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The bot tells a code; whom it stands for is shown, then joined. */
function Join({ onJoined }: { onJoined: () => void }) {
  const t = useTexts();
  const [code, setCode] = useState("");
  const ask = useMutation({
    mutationFn: (confirm: boolean) => link(code.trim(), confirm),
    onSuccess: (found) => found.linked && onJoined(),
  });
  const found = ask.data;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    ask.mutate(false);
  };
  return (
    <form className="flex flex-col gap-4 rounded-lg border border-line p-3" onSubmit={submit}>
      <Field
        label={t.linkCode}
        required
        maxLength={20}
        autoCapitalize="characters"
        spellCheck={false}
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
  return `${found.name} (${found.identities.map(shown).join(", ")})`;
}

const shown = (one: Identity): string => `${PLATFORMS[one.platform] ?? one.platform} ${one.user_id}`;
