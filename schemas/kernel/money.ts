/** The most money in one amount. */
export const MAX_MONEY = 1_000_000_000_000;
