import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { usage, USAGE_BY, type Budget, type UsageBy, type UsageLine } from "../api/account.ts";
import { session } from "../api/session.ts";
import { useNames } from "../people/usePeople.ts";
import { useStore } from "../store.ts";
import { language, useTexts } from "../texts/index.ts";
import { Labelled } from "../ui/Field.tsx";
import { Notice } from "../ui/Notice.tsx";

const SPANS = [1, 7, 30, 365];

/** What was used, and how much of the budget is left. Administrators see everybody's. */
export function UsageView() {
  const t = useTexts();
  const who = useStore(session);
  const [by, setBy] = useState<UsageBy>("model");
  const [days, setDays] = useState(30);
  const [what, when] = [useId(), useId()];
  const query = useQuery({
    queryKey: ["usage", by, days],
    queryFn: () => usage(by, `${days}d`),
    staleTime: 0,
    placeholderData: keepPreviousData,
  });
  const admin = who.state === "in" && who.user.role === "admin";
  if (query.isError) return <Notice>{t.wentWrong(query.error.message)}</Notice>;
  if (!query.data) return <p className="text-faint">{t.loading}</p>;
  const { budgets, usage: lines } = query.data;
  return (
    <div className="flex flex-col gap-5">
      {budgets.length === 0 && <p className="text-faint">{t.noBudget}</p>}
      {budgets.map((budget) => <Meter key={`${budget.of} ${budget.period} ${budget.unit}`} budget={budget} />)}
      <div className="grid grid-cols-2 gap-3">
        <Labelled id={what} label={t.usageBy}>
          <select id={what} className="field" value={by} onChange={(event) => setBy(event.target.value as UsageBy)}>
            {USAGE_BY.map((one) => (one !== "user" || admin) && <option key={one} value={one}>{t.usageBys[one]}</option>)}
          </select>
        </Labelled>
        <Labelled id={when} label={t.usageSince}>
          <select id={when} className="field" value={days} onChange={(event) => setDays(Number(event.target.value))}>
            {SPANS.map((n) => <option key={n} value={n}>{t.lastDays(n)}</option>)}
          </select>
        </Labelled>
      </div>
      {lines.length === 0 ? <p className="text-faint">{t.noUsage}</p> : <Table by={by} lines={lines} help={admin ? t.usageOfAll : t.usageHelp} />}
    </div>
  );
}

function Table({ by, lines, help }: { by: UsageBy; lines: UsageLine[]; help: string }) {
  const t = useTexts();
  const { number, money } = useFormats();
  const names = useNames(by === "user");
  const cells = "py-2 pl-3 text-right tabular-nums";
  return (
    <div className="overflow-x-auto" tabIndex={0} role="region" aria-label={t.usage}>
      <table className="w-full text-left text-sm">
        <caption className="mb-2 text-left text-faint">{help}</caption>
        <thead>
          <tr className="border-b border-line align-bottom">
            <th scope="col" className="py-2">{t.usageBys[by]}</th>
            {[t.turns, t.inputTokens, t.outputTokens, t.cost].map((title) => <th key={title} scope="col" className={cells}>{title}</th>)}
          </tr>
        </thead>
        <tbody>
          {lines.map((row) => (
            <tr key={row[by]} className="border-b border-line">
              <th scope="row" className="py-2 font-normal [overflow-wrap:anywhere]"><bdi>{names.get(row[by] ?? "") ?? row[by]}</bdi></th>
              <td className={cells}>{number.format(row.turns)}</td>
              <td className={cells}>{number.format(row.input_tokens)}</td>
              <td className={cells}>{number.format(row.output_tokens)}</td>
              <td className={cells}>{money.format(Number(row.cost))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Meter({ budget }: { budget: Budget }) {
  const t = useTexts();
  const { number, money } = useFormats();
  const show = budget.unit === "dollars" ? money : number;
  const [limit, used] = [Number(budget.limit), Number(budget.spent) + Number(budget.held)];
  const label = t.budgetOf(budget.period);
  const said = t.spent(show.format(used), show.format(limit));
  return (
    <div>
      <div className="mb-1 flex justify-between gap-4 text-sm"><span>{label}</span><span>{said}</span></div>
      <meter className="h-3 w-full" min={0} max={limit} high={limit * 0.8} value={used} aria-label={`${label}: ${said}`} />
    </div>
  );
}

function useFormats(): { number: Intl.NumberFormat; money: Intl.NumberFormat } {
  const tongue = useStore(language);
  const number = new Intl.NumberFormat(tongue);
  return { number, money: new Intl.NumberFormat(tongue, { style: "currency", currency: "USD", maximumFractionDigits: 4 }) };
}
