import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaults, type Tariff } from '../../schemas/bike-rental.ts';
import { holdsForEveryDecider, play, specification } from '../kernel/testing.ts';
import { bill } from './bill.ts';

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
