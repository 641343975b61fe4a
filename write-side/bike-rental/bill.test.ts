import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdsForEveryDecider, play, specification } from '../kernel/testing.ts';
import { bill, startedMinutes, TARIFF } from './bill.ts';

const { given } = specification(bill);

type Command = Parameters<typeof bill.decide>[0];
type Event = Parameters<typeof bill.evolve>[1];

const rental = { bikeId: 'bike-1', rentalId: 'r-1', userId: 'user-1', rentedAt: '2026-01-31T09:00:00.000Z' };
const returnedAt = '2026-01-31T09:11:30.000Z';

const open: Command = { type: 'OpenBill', data: rental };
const close: Command = { type: 'CloseBill', data: { ...rental, returnedAt } };

const opened = (tariff = TARIFF): Event => ({ type: 'BillOpened', data: { ...rental, tariff } });
const closed = (tariff = TARIFF): Event => ({
  type: 'BillClosed',
  data: { ...rental, tariff, returnedAt, minutes: 12, fee: tariff.baseFee + 12 * tariff.perMinute },
});

describe('OpenBill', () => {
  it('opens a bill with the tariff of the day', () => given().when(open).thenEvents(opened()));
  it('opens it once', () => given(opened()).when(open).thenNothing());
  it('opens none that is closed', () => given(opened(), closed()).when(open).thenNothing());
});

describe('CloseBill', () => {
  it('counts every started minute', () => given(opened()).when(close).thenEvents(closed()));
  it('keeps to the tariff that the bill was opened with', () =>
    given(opened({ baseFee: 7, perMinute: 3 }))
      .when(close)
      .thenEvents(closed({ baseFee: 7, perMinute: 3 })));
  it('closes it once', () => given(opened(), closed()).when(close).thenNothing());
  it('opens the bill first when nobody did', () => given().when(close).thenEvents(opened(), closed()));
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

describe('whatever commands come', () => {
  const anyCommand = fc.constantFrom(open, close);

  it('holds what holds for every decider', () => holdsForEveryDecider(bill, anyCommand));

  it('is opened once and then closed once', () => {
    fc.assert(
      fc.property(fc.array(anyCommand), (commands) => {
        const types = play(bill, commands).events.map(({ type }) => type);
        expect(['BillOpened', 'BillClosed'].slice(0, types.length)).toEqual(types);
      }),
    );
  });
});
