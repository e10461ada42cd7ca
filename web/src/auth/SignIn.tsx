import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { login, register, signInInfo } from "../api/calls.ts";
import { useTexts } from "../texts/index.ts";
import { Field } from "../ui/Field.tsx";
import { Notice } from "../ui/Notice.tsx";

/** Sign in, or make an account where the server lets one: on its first run, it asks for nothing else. */
export function SignIn({ expired }: { expired: boolean }) {
  const t = useTexts();
  const { data: info, isPending } = useQuery({ queryKey: ["sign-in"], queryFn: signInInfo, staleTime: 0 });
  const [wants, setWants] = useState(false);
  const registering = info?.registration === "first" || wants;
  if (isPending) return <p className="p-6 text-faint">{t.loading}</p>;
  return (
    <main className="mx-auto flex min-h-full max-w-sm flex-col justify-center gap-5 p-6">
      <h1 className="text-2xl font-semibold">{registering ? t.welcome : t.signIn}</h1>
      {info?.registration === "first" && <p className="text-faint">{t.firstAccount}</p>}
      {expired && <p role="status">{t.expired}</p>}
      <Form registering={registering} invitation={registering && info?.registration === "invite"} />
      {(info?.registration === "open" || info?.registration === "invite") && (
        <button type="button" className="act" onClick={() => setWants(!wants)}>{wants ? t.haveAccount : t.noAccount}</button>
      )}
    </main>
  );
}

function Form({ registering, invitation }: { registering: boolean; invitation: boolean }) {
  const t = useTexts();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const value = (name: string): string => String(form.get(name) ?? "");
    const [email, password] = [value("email"), value("password")];
    setBusy(true);
    setProblem(null);
    const who = { email, password, name: value("name"), ...(invitation ? { invitation: value("invitation") } : {}) };
    (registering ? register(who) : login(email, password))
      .catch((error: Error) => setProblem(error.message))
      .finally(() => setBusy(false));
  };
  return (
    <form className="flex flex-col gap-4" onSubmit={submit}>
      {registering && <Field label={t.name} name="name" autoComplete="name" required autoFocus />}
      <Field label={t.email} name="email" type="email" autoComplete="username" required autoFocus={!registering} />
      <Field label={t.password} name="password" type="password" autoComplete={registering ? "new-password" : "current-password"} required />
      {invitation && <Field label={t.invitation} name="invitation" autoComplete="off" required />}
      {problem && <Notice>{problem}</Notice>}
      <button type="submit" className="act-main" disabled={busy}>{registering ? t.register : t.signIn}</button>
    </form>
  );
}
