import type { Tariff } from './bike-rental.ts';
import { MAX_MONEY } from './kernel/money.ts';

const MINUTE_MS = 60_000;

const DAY_MINUTES = 1_440;

/**
 * Returns the fee for the started minutes of a rental. Each started 24 hours cost at most `dailyMax`. A fee is at most
 * the most money of one amount.
 */
export const feeOf = ({ baseFee, perMinute, dailyMax = MAX_MONEY }: Tariff, minutes: number): number => {
  const fullDays = Math.floor((minutes - 1) / DAY_MINUTES);
  const lastMinutes = minutes - fullDays * DAY_MINUTES;
  const day = (first: number, ofDay: number) => Math.min(dailyMax, first + ofDay * perMinute);
  const fee =
    fullDays === 0
      ? day(baseFee, minutes)
      : day(baseFee, DAY_MINUTES) + (fullDays - 1) * day(0, DAY_MINUTES) + day(0, lastMinutes);
  return Math.min(MAX_MONEY, fee);
};

/** Counts the started minutes of a rental: at least one, also when a clock was set back before the return. */
export const startedMinutes = (rentedAt: string, returnedAt: string): number =>
  Math.max(1, Math.ceil((Date.parse(returnedAt) - Date.parse(rentedAt)) / MINUTE_MS));
