import { config } from "zod/v4/core";

// Imported before all else. The AI SDK checks what it reads with zod, which tries whether it may compile code at run
// time: our Content-Security-Policy forbids that, and every try would be a report.
config({ jitless: true });
