import { useMutation, useQuery } from "@tanstack/react-query";
import { useId, type FormEvent } from "react";
import { addAccount, invite, type Role } from "../api/people.ts";
import { signInInfo } from "../api/calls.ts";
import { useTexts } from "../texts/index.ts";
import { CopyButton } from "../ui/CopyButton.tsx";
import { Field, Labelled } from "../ui/Field.tsx";
import { Notice } from "../ui/Notice.tsx";
import { usePeopleChanged } from "./usePeople.ts";

const ROLES: Role[] = ["member", "admin"];

/** Two ways to somebody's account: a code that they register with, or an account that is made for them. */
export function NewPerson() {
  const t = useTexts();
  const { data: info } = useQuery({ queryKey: ["sign-in"], queryFn: signInInfo });
  return (
    <div className="flex flex-col gap-3">
      <details className="rounded-lg border border-line p-3">
        <summary className="font-medium">{t.invite}</summary>
        {info?.registration === "closed" ? <p className="mt-3 text-sm text-faint">{t.inviteClosed}</p> : <Invite />}
      </details>
      <details className="rounded-lg border border-line p-3">
        <summary className="font-medium">{t.addPerson}</summary>
        <Add />
      </details>
    </div>
  );
}

function Invite() {
  const t = useTexts();
  const changed = usePeopleChanged();
  const made = useMutation({
    mutationFn: (form: FormData) => invite(String(form.get("email")).trim(), form.get("role") as Role),
    onSuccess: changed,
  });
  return (
    <form className="mt-3 flex flex-col gap-3" onSubmit={submitting(made.mutate)}>
      <p className="text-sm text-faint">{t.inviteHelp}</p>
      <Field label={t.emailOptional} name="email" type="email" autoComplete="off" />
      <RoleField />
      {made.error && <Notice>{t.wentWrong(made.error.message)}</Notice>}
      <button type="submit" className="act-main self-start" disabled={made.isPending}>{t.makeCode}</button>
      {made.data && (
        <div role="status" className="rounded-lg bg-mine p-3">
          <p className="mb-1 text-sm">{t.newToken}</p>
          <p className="flex items-center gap-2 font-mono text-sm break-all">{made.data.code} <CopyButton text={made.data.code} label={t.copy} /></p>
        </div>
      )}
    </form>
  );
}

function Add() {
  const t = useTexts();
  const changed = usePeopleChanged();
  const made = useMutation({
    mutationFn: (form: FormData) => {
      const text = (name: string): string => String(form.get(name));
      return addAccount({ email: text("email"), name: text("name"), password: text("password"), role: text("role") as Role });
    },
    onSuccess: changed,
  });
  return (
    <form className="mt-3 flex flex-col gap-3" onSubmit={submitting(made.mutate)}>
      <Field label={t.name} name="name" autoComplete="off" required />
      <Field label={t.email} name="email" type="email" autoComplete="off" required />
      <Field label={t.password} name="password" type="password" autoComplete="new-password" required />
      <RoleField />
      {made.error && <Notice>{t.wentWrong(made.error.message)}</Notice>}
      {made.data && <p role="status">{t.added(made.data.name)}</p>}
      <button type="submit" className="act-main self-start" disabled={made.isPending}>{t.register}</button>
    </form>
  );
}

function RoleField() {
  const t = useTexts();
  const id = useId();
  return (
    <Labelled id={id} label={t.role}>
      <select id={id} name="role" className="field">
        {ROLES.map((role) => <option key={role} value={role}>{t.roles[role]}</option>)}
      </select>
    </Labelled>
  );
}

/** Hands the form over, and empties it once it was taken. */
function submitting(mutate: (form: FormData, how: { onSuccess: () => void }) => void) {
  return (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = event.currentTarget;
    mutate(new FormData(form), { onSuccess: () => form.reset() });
  };
}
