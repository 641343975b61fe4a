/** The servers on which every test of the suite passed, the latest first; README and docs/operations.md name the same. */
export const TRIED = {
  EventStoreDB: ['23.10.6', '22.10.5'],
  MongoDB: ["MongoDB's engine 9.0-alpha"],
} as const;
