import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { feeOf, startedMinutes } from './bike-rental-fee.ts';
import { MAX_MONEY } from './kernel/money.ts';

const RENTED_AT = '2026-01-31T09:00:00.000Z';

describe('started minutes', () => {
  const after = (milliseconds: number) => new Date(Date.parse(RENTED_AT) + milliseconds).toISOString();
  it.each([
    [0, 1],
    [1, 1],
    [60_000, 1],
    [60_001, 2],
    [24 * 3_600_000, 1_440],
  ])('%i ms are %i', (milliseconds, minutes) => {
    expect(startedMinutes(RENTED_AT, after(milliseconds))).toBe(minutes);
  });
});

describe('a fee', () => {
  const tariff = { baseFee: 1_000, perMinute: 100, dailyMax: 20_000 };
  it.each([
    [1, 1_100],
    [190, 20_000],
    [191, 20_000],
    [1_440, 20_000],
    [1_441, 20_100],
    [1_640, 40_000],
    [2_880, 40_000],
    [2_881, 40_100],
  ])('of %i minutes is %i where each started 24 hours cost at most 20,000', (minutes, fee) =>
    expect(feeOf(tariff, minutes)).toBe(fee),
  );
  it('is at least the base without such a limit, and never above the most money of one amount', () => {
    expect(feeOf({ baseFee: 1_000, perMinute: 0 }, 10_000)).toBe(1_000);
    expect(feeOf({ baseFee: 1_000, perMinute: 1 }, 10_000)).toBe(11_000);
    expect(feeOf({ baseFee: 0, perMinute: MAX_MONEY }, 10_000)).toBe(MAX_MONEY);
    expect(feeOf({ ...tariff, dailyMax: 0 }, 10_000)).toBe(0);
  });
  it('grows with the minutes, and with a limit never beyond it for each started 24 hours', () => {
    const money = fc.nat(100_000);
    fc.assert(
      fc.property(money, money, fc.option(money), fc.nat(20_000), (baseFee, perMinute, most, minutes) => {
        const limited = { baseFee, perMinute, ...(most === null ? {} : { dailyMax: most }) };
        expect(feeOf(limited, minutes + 2)).toBeGreaterThanOrEqual(feeOf(limited, minutes + 1));
        expect(feeOf(limited, minutes + 1)).toBeLessThanOrEqual(baseFee + perMinute * (minutes + 1));
        if (most !== null)
          expect(feeOf(limited, minutes + 1)).toBeLessThanOrEqual(most * Math.ceil((minutes + 1) / 1_440));
      }),
    );
  });
});
