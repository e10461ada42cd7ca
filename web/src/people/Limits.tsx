import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, type FormEvent } from "react";
import { limit, termsOf, type Terms } from "../api/people.ts";
import { useTexts } from "../texts/index.ts";
import { Field, Labelled } from "../ui/Field.tsx";
import { Notice } from "../ui/Notice.tsx";

/** What one person may use; what is left empty, the server's settings say. */
export function Limits({ id }: { id: string }) {
  const t = useTexts();
  const key = ["limits", id];
  const client = useQueryClient();
  const terms = useQuery({ queryKey: key, queryFn: () => termsOf(id), staleTime: 0 });
  const save = useMutation({
    mutationFn: (form: FormData) => limit(id, read(form)),
    onSuccess: (now) => client.setQueryData(key, now),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    save.mutate(new FormData(event.currentTarget));
  };
  const problem = terms.error ?? save.error;
  return (
    <form key={JSON.stringify(terms.data)} className="flex flex-col gap-3 border-t border-line pt-5" onSubmit={submit}>
      <h3 className="font-medium">{t.limits}</h3>
      <p className="text-sm text-faint">{t.limitsHelp}</p>
      {problem && <Notice>{t.wentWrong(problem.message)}</Notice>}
      {terms.data && <Fields terms={terms.data} />}
      {save.isSuccess && <p role="status" className="text-sm">{t.saved}</p>}
      <button type="submit" className="act-line self-start" disabled={!terms.data || save.isPending}>{t.save}</button>
    </form>
  );
}

function Fields({ terms }: { terms: Terms }) {
  const t = useTexts();
  const [unit, period] = [useId(), useId()];
  const { budget } = terms;
  const count = { type: "number", min: 1, step: 1, inputMode: "numeric" } as const;
  return (
    <div className="grid grid-cols-2 gap-3">
      <Field label={t.turnsAMinute} name="requests_per_minute" defaultValue={terms.requests_per_minute} {...count} />
      <Field label={t.turnsAtOnce} name="concurrent_turns" defaultValue={terms.concurrent_turns} {...count} />
      <Field label={t.budget} name="amount" type="number" min={0} step="any" inputMode="decimal" defaultValue={budget?.cost ?? budget?.tokens} />
      <div className="grid grid-cols-2 gap-2">
        <Labelled id={unit} label={t.unit}>
          <select id={unit} name="unit" className="field px-2" defaultValue={budget?.tokens === undefined ? "cost" : "tokens"}>
            <option value="cost">$</option>
            <option value="tokens">{t.tokensUnit}</option>
          </select>
        </Labelled>
        <Labelled id={period} label={t.per}>
          <select id={period} name="period" className="field px-2" defaultValue={budget?.period ?? "month"}>
            <option value="month">{t.month}</option>
            <option value="day">{t.day}</option>
          </select>
        </Labelled>
      </div>
    </div>
  );
}

function read(form: FormData): Terms {
  const text = (name: string): string => String(form.get(name) ?? "").trim();
  const counts = ["requests_per_minute", "concurrent_turns"].filter(text).map((name) => [name, Number(text(name))]);
  const amount = text("amount");
  const period = text("period") as "day" | "month";
  const bought = text("unit") === "tokens" ? { tokens: Number(amount) } : { cost: amount };
  return { ...Object.fromEntries(counts), ...(amount ? { budget: { period, ...bought } } : {}) };
}
