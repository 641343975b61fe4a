export const DAY_MS = 86_400_000;

/** Returns the calendar day of a moment in this browser: `2026-12-15`. */
export const dayOf = (moment: Date): string => moment.toLocaleDateString('sv'); // Swedish dates are those of ISO 8601.
