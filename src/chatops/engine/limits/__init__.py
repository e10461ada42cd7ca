"""How much of it: rates, concurrent turns, budgets, the ledger."""
