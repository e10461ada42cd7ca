import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { changeAccount, deleteAccount, type Account, type AccountChange } from "../api/people.ts";
import { useTexts } from "../texts/index.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Field } from "../ui/Field.tsx";
import { Notice } from "../ui/Notice.tsx";
import { Limits } from "./Limits.tsx";
import { usePeopleChanged } from "./usePeople.ts";

const OWNER = "local";

/** One account: what an administrator can do with it. The owner of the database stays as they are. */
export function Person({ person, onClose }: { person: Account; onClose: () => void }) {
  const t = useTexts();
  const changed = usePeopleChanged();
  const change = useMutation({ mutationFn: (fields: AccountChange) => changeAccount(person.id, fields), onSuccess: changed });
  const problem = change.error;
  return (
    <Dialog title={person.name} onClose={onClose}>
      <div className="flex flex-col gap-6">
        <bdi className="-mt-4 text-sm text-faint">{person.email ?? t.noAccountThere}</bdi>
        {problem && <Notice>{t.wentWrong(problem.message)}</Notice>}
        {person.id === OWNER ? (
          <p className="text-sm text-faint">{t.ownerStays}</p>
        ) : (
          <div className="flex flex-wrap gap-2">
            {person.email && (
              <button type="button" className="act-line" disabled={change.isPending} onClick={() => change.mutate({ role: person.role === "admin" ? "member" : "admin" })}>
                {person.role === "admin" ? t.makeMember : t.makeAdmin}
              </button>
            )}
            <button type="button" className="act-line" disabled={change.isPending} onClick={() => change.mutate({ disabled: !person.disabled })}>
              {person.disabled ? t.letIn : t.shutOut}
            </button>
            <Delete person={person} onDone={onClose} />
          </div>
        )}
        <Limits id={person.id} />
        {person.email && <Password onSave={(password) => change.mutateAsync({ password })} />}
      </div>
    </Dialog>
  );
}

/** Asks in its own place before it deletes: a dialog over two others would be one too many. */
function Delete({ person, onDone }: { person: Account; onDone: () => void }) {
  const t = useTexts();
  const changed = usePeopleChanged();
  const [asked, setAsked] = useState(false);
  const drop = useMutation({
    mutationFn: () => deleteAccount(person.id),
    onSuccess: () => {
      onDone();
      return changed();
    },
  });
  if (!asked) return <button type="button" className="act-line text-danger" onClick={() => setAsked(true)}>{t.deletePerson}</button>;
  return (
    <div role="alert" className="flex w-full flex-col gap-3 rounded-lg bg-danger-soft p-3">
      <p className="break-words">{t.deletePersonAsk(person.name)}</p>
      {drop.error && <p>{t.wentWrong(drop.error.message)}</p>}
      <div className="flex justify-end gap-2">
        <button type="button" className="act" onClick={() => setAsked(false)}>{t.cancel}</button>
        <button type="button" className="act-main bg-danger text-page" disabled={drop.isPending} onClick={() => drop.mutate()}>{t.delete}</button>
      </div>
    </div>
  );
}

function Password({ onSave }: { onSave: (password: string) => Promise<unknown> }) {
  const t = useTexts();
  const save = useMutation({ mutationFn: onSave });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = event.currentTarget;
    save.mutate(String(new FormData(form).get("password")), { onSuccess: () => form.reset() });
  };
  return (
    <form className="flex flex-col gap-3 border-t border-line pt-5" onSubmit={submit}>
      <Field label={t.givePassword} name="password" type="password" autoComplete="new-password" required />
      {save.isSuccess && <p role="status" className="text-sm">{t.passwordGiven}</p>}
      <button type="submit" className="act-line self-start" disabled={save.isPending}>{t.save}</button>
    </form>
  );
}
