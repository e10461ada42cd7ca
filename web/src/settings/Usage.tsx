import { useQuery } from "@tanstack/react-query";
import { usage, type Budget } from "../api/account.ts";
import { useStore } from "../store.ts";
import { language, useTexts } from "../texts/index.ts";
import { Notice } from "../ui/Notice.tsx";

/** What was used, and how much of the budget is left. */
export function UsageView() {
  const t = useTexts();
  const tongue = useStore(language);
  const query = useQuery({ queryKey: ["usage"], queryFn: usage, staleTime: 0 });
  if (query.isError) return <Notice>{t.wentWrong(query.error.message)}</Notice>;
  if (!query.data) return <p className="text-faint">{t.loading}</p>;
  const number = new Intl.NumberFormat(tongue);
  const money = new Intl.NumberFormat(tongue, { style: "currency", currency: "USD", maximumFractionDigits: 4 });
  const { budgets, usage: lines } = query.data;
  return (
    <div className="flex flex-col gap-5">
      {budgets.length === 0 && <p className="text-faint">{t.noBudget}</p>}
      {budgets.map((budget) => <Meter key={`${budget.of} ${budget.period} ${budget.unit}`} budget={budget} show={budget.unit === "dollars" ? money : number} />)}
      {lines.length === 0 ? (
        <p className="text-faint">{t.noUsage}</p>
      ) : (
        <table className="w-full text-left text-sm">
          <caption className="mb-2 text-left text-faint">{t.usageHelp}</caption>
          <thead>
            <tr className="border-b border-line">
              <th scope="col" className="py-2">{t.model}</th>
              <th scope="col" className="text-right">{t.turns}</th>
              <th scope="col" className="text-right">{t.inputTokens}</th>
              <th scope="col" className="text-right">{t.outputTokens}</th>
              <th scope="col" className="text-right">{t.cost}</th>
            </tr>
          </thead>
          <tbody>
            {lines.map((row) => (
              <tr key={row.model} className="border-b border-line">
                <th scope="row" className="py-2 font-normal break-all">{row.model}</th>
                <td className="text-right">{number.format(row.turns)}</td>
                <td className="text-right">{number.format(row.input_tokens)}</td>
                <td className="text-right">{number.format(row.output_tokens)}</td>
                <td className="text-right">{money.format(Number(row.cost))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

function Meter({ budget, show }: { budget: Budget; show: Intl.NumberFormat }) {
  const t = useTexts();
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
