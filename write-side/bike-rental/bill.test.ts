import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaults, type Tariff } from '../../schemas/bike-rental.ts';
import { MAX_MONEY } from '../../schemas/kernel/values.ts';
import { holdsForEveryDecider, play, specification } from '../kernel/testing.ts';
import { bill, feeOf, startedMinutes } from './bill.ts';

const { given } = specification(bill);

type Command = Parameters<typeof bill.decide>[0];
type Event = Parameters<typeof bill.evolve>[1];

const rental = { bikeId: 'bike-1', rentalId: 'r-1', userId: 'user-1', rentedAt: '2026-01-31T09:00:00.000Z' };
const returnedAt = '2026-01-31T09:11:30.000Z';

const openAt = (bikeRevision: string): Command => ({ type: 'OpenBill', data: { ...rental, bikeRevision } });
const closeAt = (bikeRevision: string): Command => ({
  type: 'CloseBill',
  data: { ...rental, returnedAt, bikeRevision },
});
const open = openAt('1');
const close = closeAt('2');

const opened = (tariff: Tariff = defaults.tariff, bikeRevision = '1'): Event => ({
  type: 'BillOpened',
  data: { ...rental, tariff, bikeRevision },
});
const closed = (tariff: Tariff = defaults.tariff, bikeRevision = '2'): Event => ({
  type: 'BillClosed',
  data: { ...rental, tariff, returnedAt, minutes: 12, fee: tariff.baseFee + 12 * tariff.perMinute, bikeRevision },
});

describe('OpenBill', () => {
  it('opens a bill with the current tariff', () => given().when(open).thenEvents(opened()));
  it('opens it with the tariff of the rental', () => {
    const tariff = { baseFee: 7, perMinute: 3, dailyMax: 900 };
    const { data } = open as Extract<Command, { type: 'OpenBill' }>;
    given()
      .when({ type: 'OpenBill', data: { ...data, tariff } })
      .thenEvents(opened(tariff));
  });
  it('opens it once', () => given(opened()).when(open).thenNothing());
  it('does not open a closed bill', () => given(opened(), closed()).when(open).thenNothing());
});

describe('CloseBill', () => {
  it('counts every started minute', () => given(opened()).when(close).thenEvents(closed()));
  it('keeps to the tariff that the bill was opened with', () =>
    given(opened({ baseFee: 7, perMinute: 3 }))
      .when(close)
      .thenEvents(closed({ baseFee: 7, perMinute: 3 })));
  it('charges for the return before a rental, after a clock was set back, the smallest fee', () => {
    const { data } = close as Extract<Command, { type: 'CloseBill' }>;
    given(opened())
      .when({ type: 'CloseBill', data: { ...data, returnedAt: '2026-01-31T08:00:00.000Z' } })
      .thenEvents({
        type: 'BillClosed',
        data: { ...data, tariff: defaults.tariff, returnedAt: '2026-01-31T08:00:00.000Z', minutes: 1, fee: 1_100 },
      });
  });
  it('closes it once', () => given(opened(), closed()).when(close).thenNothing());
  it('opens the bill first when it is not open', () =>
    given().when(close).thenEvents(opened(defaults.tariff, '2'), closed()));
});

describe('a rental id that is used again', () => {
  it('opens a bill again', () =>
    given(opened(), closed()).when(openAt('10')).thenEvents(opened(defaults.tariff, '10')));
  it('closes that bill with its own return', () =>
    given(opened(), closed(), opened(defaults.tariff, '10'))
      .when(closeAt('11'))
      .thenEvents(closed(defaults.tariff, '11')));
  it('opens and closes its bill with the return when it is not open', () =>
    given(opened(), closed())
      .when(closeAt('11'))
      .thenEvents(opened(defaults.tariff, '11'), closed(defaults.tariff, '11')));
  it('has nothing to do with the first rental when that is handled again', () => {
    const open2 = [opened(), closed(), opened(defaults.tariff, '10')];
    for (const history of [open2, [...open2, closed(defaults.tariff, '11')]])
      for (const command of [open, close])
        given(...history)
          .when(command)
          .thenNothing();
  });
});

describe('an event of version 1, which has no revision', () => {
  const tariff = { baseFee: 7, perMinute: 3 };
  const old: Event[] = [
    { type: 'BillOpened', data: { ...rental, tariff } },
    { type: 'BillClosed', data: { ...rental, tariff, returnedAt, minutes: 12, fee: 43 } },
  ];
  it('is read as an open bill', () => {
    given(old[0]!).when(open).thenNothing();
    given(old[0]!).when(close).thenEvents(closed(tariff));
  });
  it('is read as a closed bill', () => {
    given(...old)
      .when(open)
      .thenNothing();
    given(...old)
      .when(close)
      .thenNothing();
  });
});

describe('started minutes', () => {
  const after = (milliseconds: number) => new Date(Date.parse(rental.rentedAt) + milliseconds).toISOString();
  it.each([
    [0, 1],
    [1, 1],
    [60_000, 1],
    [60_001, 2],
    [24 * 3_600_000, 1_440],
  ])('%i ms are %i', (milliseconds, minutes) => {
    expect(startedMinutes(rental.rentedAt, after(milliseconds))).toBe(minutes);
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

describe('any sequence of commands', () => {
  const anyCommand = fc.constantFrom(open, close, openAt('10'), closeAt('11'));

  it('keeps the rules of every decider', () => holdsForEveryDecider(bill, anyCommand));

  it('is opened once and closed once for each rental', () => {
    fc.assert(
      fc.property(fc.array(anyCommand), (commands) => {
        const types = play(bill, commands).events.map(({ type }) => type);
        expect(types.filter((type) => type === 'BillOpened').length).toBeLessThanOrEqual(2);
        for (const [index, type] of types.entries())
          if (type === 'BillClosed') expect(types[index - 1]).toBe('BillOpened');
      }),
    );
  });
});
