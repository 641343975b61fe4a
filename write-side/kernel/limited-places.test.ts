import fc from 'fast-check';
import { Type } from 'typebox';
import { describe, expect, it, test } from 'vitest';
import { type ContextSchema, command, event } from '../../schemas/kernel/context.ts';
import {
  limitedPlaces as declare,
  keptPlaces,
  OFFERS_PER_COMMAND,
  Places,
} from '../../schemas/kernel/limited-places.ts';
import { Id, Strict } from '../../schemas/kernel/values.ts';
import { ImmutableMap } from './collections.ts';
import { decider, isRefusal, refuse } from './decider.ts';
import { keptIn, limitedPlaces, noPlaces, type Places as State, usePlaces } from './limited-places.ts';
import { restored, specification, stateAfter } from './testing.ts';

/** Steps of the comparison with a plain model; `MODEL_STEPS=1000000` for a long run. */
const MODEL_STEPS = Number(process.env.MODEL_STEPS ?? 20_000);

const HOLD_FOR = 60;

/** A part of the hall with seats of its own. */
const section = { section: Type.Optional(Type.String()) };

const seats = declare({
  context: 'hall',
  prefix: 'Seat',
  key: 'hallId',
  path: '/halls/{hallId}',
  things: 'seats',
  resource: 'hall',
  full: 'hall-full',
  refusals: ['hall-closed'],
  poolRefusals: ['no-such-section'],
  pool: section,
});

const hall = { hallId: Id };
const taking = { ...hall, ...section, ticketId: Id, customerId: Id, places: Places, ...keptPlaces.fields };

const schema = {
  name: 'hall',
  title: 'Hall',
  events: {
    ...seats.events,
    Sized: event('', Strict({ ...hall, ...section, capacity: Type.Integer() })),
    Taken: event('', Strict(taking)),
    GivenBack: event('', Strict({ ...hall, ticketId: Id })),
    Closed: event('', Strict(hall)),
  },
  commands: {
    ...seats.commands,
    Size: command('', Strict({ ...hall, ...section, capacity: Type.Integer() })),
    Take: command('', Strict(taking)),
    GiveBack: command('', Strict({ ...hall, ticketId: Id })),
    Close: command('', Strict(hall)),
  },
  queries: {},
  problems: {},
} as const satisfies ContextSchema;

type Section = { capacity: number; taken: number };

type Hall = {
  isOpen: boolean;
  /** By name; '' is the hall without a section. */
  sections: ImmutableMap<string, Section>;
  places: State;
  tickets: ImmutableMap<string, { section: string; places: number }>;
};

const initialState: Hall = { isOpen: true, sections: ImmutableMap(), places: noPlaces, tickets: ImmutableMap() };

const EMPTY: Section = { capacity: 0, taken: 0 };
const sectionOf = ({ sections }: Hall, name = ''): Section => sections.get(name) ?? EMPTY;

const withSection = (state: Hall, name: string, change: (before: Section) => Partial<Section>): Hall => {
  const before = sectionOf(state, name);
  return { ...state, sections: state.sections.set(name, { ...before, ...change(before) }) };
};

const kept = limitedPlaces(seats, {
  unreserved: (state: Hall, name) => {
    const { capacity, taken } = sectionOf(state, name);
    return state.isOpen ? capacity - taken : 0;
  },
  holdFor: () => HOLD_FOR,
  refusal: ({ isOpen }, _input, name) => {
    if (!isOpen) return refuse('hall-closed');
    return name === 'nowhere' ? refuse('no-such-section') : undefined;
  },
});

/** A hall with holds and a waiting list: a decider for these tests, since the kernel knows no context. */
const hallDecider = kept.settling(
  decider(schema, {
    stream: 'hall-{hallId}',
    initialState,
    evolve: {
      ...kept.evolve,
      Sized: (state, { section = '', capacity }) => withSection(state, section, () => ({ capacity })),
      Taken: (state, { ticketId, section = '', places, holdId, entryId }) => ({
        ...withSection(state, section, ({ taken }) => ({ taken: taken + places })),
        places: usePlaces(state.places, { holdId, entryId }, places),
        tickets: state.tickets.set(ticketId, { section, places }),
      }),
      GivenBack: (state, { ticketId }) => {
        const { section, places } = state.tickets.get(ticketId)!;
        const rest = withSection(state, section, ({ taken }) => ({ taken: taken - places }));
        return { ...rest, tickets: state.tickets.delete(ticketId) };
      },
      Closed: (state) => ({ ...state, isOpen: false }),
    },
    commands: {
      ...kept.commands,
      Size: {
        decide: (data, state) => {
          const { capacity, taken } = sectionOf(state, data.section);
          if (!state.isOpen) return refuse('hall-closed');
          if (data.capacity < taken + keptIn(state.places, data.section)) return refuse('too-small');
          return capacity === data.capacity ? [] : [{ type: 'Sized', data }];
        },
      },
      Take: {
        decide: (data, state, { now }) => {
          if (!state.isOpen) return refuse('hall-closed');
          if (state.tickets.has(data.ticketId)) return refuse('ticket-exists');
          return kept.refusalOf(state, data, data.places, now, data.section) ?? [{ type: 'Taken', data }];
        },
      },
      GiveBack: {
        decide: (data, { tickets }) => (tickets.has(data.ticketId) ? [{ type: 'GivenBack', data }] : []),
      },
      Close: {
        decide: (data, state) =>
          state.isOpen ? [{ type: 'Closed', data }, ...kept.closing('h', state, 500)] : refuse('hall-closed'),
      },
    },
    snapshotVersion: 1,
  }),
);

type Command = Parameters<typeof hallDecider.decide>[0];
type Event = Parameters<typeof hallDecider.evolve>[1];

const hallId = 'h';
/** The field that names a section; without a name, the hall has no sections. */
const inSection = (name: string | undefined) => (name ? { section: name } : {});
const size = (capacity: number, name?: string): Command => ({
  type: 'Size',
  data: { hallId, ...inSection(name), capacity },
});
const take = (ticketId: string, customerId: string, places: number, from: object = {}): Command => ({
  type: 'Take',
  data: { hallId, ticketId, customerId, places, ...from },
});
const giveBack = (ticketId: string): Command => ({ type: 'GiveBack', data: { hallId, ticketId } });
const hold = (holdId: string, customerId: string, places: number, name?: string): Command => ({
  type: 'HoldSeat',
  data: { hallId, ...inSection(name), holdId, customerId, places },
});
const release = (holdId: string): Command => ({ type: 'ReleaseSeatHold', data: { hallId, holdId } });
const join = (entryId: string, customerId: string, places: number, name?: string): Command => ({
  type: 'JoinSeatWaitingList',
  data: { hallId, ...inSection(name), entryId, customerId, places },
});
const leave = (entryId: string): Command => ({ type: 'LeaveSeatWaitingList', data: { hallId, entryId } });
const settle = (thing: object = {}): Command => ({ type: 'SettleSeats', data: { hallId, ...thing } });
const close: Command = { type: 'Close', data: { hallId } };

const START = Date.parse('2026-01-31T09:00:00.000Z');
const at = (seconds: number): string => new Date(START + seconds * 1_000).toISOString();

/** A hall with clock: sends commands at a second, and returns the types of events, or the refusal. */
const hallAt = () => {
  let state = initialState;
  const events: Event[] = [];
  return {
    get state() {
      return state;
    },
    events,
    send(seconds: number, command: Command): string | string[] {
      const decision = hallDecider.decide(command, state, {
        now: at(seconds),
        revision: BigInt(events.length),
        timeZone: 'UTC',
      });
      if (isRefusal(decision)) return decision.refused;
      events.push(...decision);
      state = stateAfter({ ...hallDecider, initialState: state }, decision);
      return decision.map(({ type, data }) => ('entryId' in data && data.entryId ? `${type} ${data.entryId}` : type));
    },
  };
};

describe('a repeat without a key', () => {
  const { given } = specification(hallDecider, at(0));
  const opened: Event = { type: 'Sized', data: { hallId, capacity: 2 } };
  const held: Event = {
    type: 'SeatHeld',
    data: { hallId, holdId: 'h-1', customerId: 'C1', places: 2, expiresAt: at(HOLD_FOR) },
  };
  const entry = { hallId, entryId: 'e-1', customerId: 'C2', places: 1 };
  const joined: Event = { type: 'SeatWaitingListJoined', data: entry };
  const offered: Event = { type: 'SeatOffered', data: { ...entry, expiresAt: at(HOLD_FOR) } };
  const closed: Event = { type: 'Closed', data: { hallId } };
  const [holding, joining] = [hold('h-1', 'C1', 2), join('e-1', 'C2', 1)];
  const later = (...events: Event[]) => specification(hallDecider, at(HOLD_FOR)).given(opened, ...events);

  it('has the first answer while the hold or the entry is open, also when it has an offer', () => {
    given(opened, held).whenRepeated(holding).thenFirstAnswer();
    given(opened, held, joined).whenRepeated(joining).thenFirstAnswer();
    given(opened, offered).whenRepeated(joining).thenFirstAnswer();
  });
  it('is refused from the moment at which the hold or the offer expires', () => {
    later(held).whenRepeated(holding).thenRefused('hold-expired');
    later(offered).whenRepeated(joining).thenRefused('offer-expired');
  });
  it('is refused when the hold was released or used, and when the customer left or used the offer', () => {
    const ended = { hallId, customerId: 'C1', places: 2 };
    const used = (customerId: string, places: number, from: object): Event =>
      ({ type: 'Taken', data: take('t', customerId, places, from).data }) as Event;
    const released: Event = { type: 'SeatHoldReleased', data: { ...ended, holdId: 'h-1' } };
    for (const end of [released, used('C1', 2, { holdId: 'h-1' })])
      given(opened, held, end).whenRepeated(holding).thenRefused('hold-ended');
    given(opened, offered, used('C2', 1, { entryId: 'e-1' }))
      .whenRepeated(joining)
      .thenRefused('entry-ended');
    given(opened, held, joined, { type: 'SeatWaitingListLeft', data: entry })
      .whenRepeated(joining)
      .thenRefused('entry-ended');
  });
  it('is refused when the resource closed', () => {
    given(opened, held, closed).whenRepeated(holding).thenRefused('hall-closed');
    given(opened, held, joined, closed).whenRepeated(joining).thenRefused('hall-closed');
  });
  it('is refused when nobody remembers how the hold or the entry ended', () => {
    given(opened).whenRepeated(holding).thenRefused('hold-already-exists');
    given(opened).whenRepeated(joining).thenRefused('entry-already-exists');
  });
});

describe('a hold', () => {
  const opened: Event = { type: 'Sized', data: { hallId, capacity: 2 } };
  const held = (places: number): Event => ({
    type: 'SeatHeld',
    data: { hallId, holdId: 'h-1', customerId: 'C1', places, expiresAt: at(HOLD_FOR) },
  });
  const { given } = specification(hallDecider, at(0));
  const later = (seconds: number) => specification(hallDecider, at(seconds)).given(opened, held(2));

  it('keeps its places for a time', () =>
    given(opened)
      .when(hold('h-1', 'C1', 2))
      .thenEvents(held(2)));
  it('counts as taken', () => {
    later(1)
      .when(take('t', 'C2', 1))
      .thenRefused('hall-full');
    later(1)
      .when(hold('h-2', 'C2', 1))
      .thenRefused('hall-full');
    later(1).when(size(1)).thenRefused('too-small');
  });
  it('is confirmed by reservations of its customer, each of which uses places', () => {
    const used: Event = { type: 'Taken', data: { ...take('t', 'C1', 1, { holdId: 'h-1' }).data } as never };
    later(1)
      .when(take('t', 'C1', 1, { holdId: 'h-1' }))
      .thenEvents(used);
    const rest = () => specification(hallDecider, at(1)).given(opened, held(2), used);
    rest()
      .when(take('t-2', 'C1', 2, { holdId: 'h-1' }))
      .thenRefused('too-few-kept');
    rest()
      .when(take('t-2', 'C2', 1))
      .thenRefused('hall-full');
  });
  it('is not found by other customers', () => {
    later(1)
      .when(take('t', 'C2', 1, { holdId: 'h-1' }))
      .thenRefused('hold-not-found');
    const owner = hallDecider.owner?.(release('h-1'), stateAfter(hallDecider, [opened, held(2)]));
    expect(owner).toBe('C1');
  });
  it('is used once', () => {
    const used: Event = { type: 'Taken', data: take('t', 'C1', 2, { holdId: 'h-1' }).data as never };
    const afterUse = () => specification(hallDecider, at(1)).given(opened, held(2), used);
    afterUse()
      .when(take('t-2', 'C1', 1, { holdId: 'h-1' }))
      .thenRefused('hold-ended');
    afterUse().when(release('h-1')).thenRefused('hold-ended');
    afterUse()
      .when(hold('h-1', 'C1', 1))
      .thenRefused('hold-already-exists');
  });
  it('has ended at the moment at which it expires', () => {
    const taken = take('t', 'C1', 1, { holdId: 'h-1' });
    expect(
      hallDecider.decide(taken, stateAfter(hallDecider, [opened, held(2)]), {
        now: at(59),
        timeZone: 'UTC',
        revision: 2n,
      }),
    ).toHaveLength(1);
    later(HOLD_FOR).when(taken).thenRefused('hold-expired');
    later(HOLD_FOR).when(release('h-1')).thenRefused('hold-expired');
  });
  it('ends with the next command of any kind after its time', () => {
    const expired: Event = { type: 'SeatHoldExpired', data: { hallId, holdId: 'h-1', customerId: 'C1', places: 2 } };
    later(HOLD_FOR)
      .when(settle({ holdId: 'h-1' }))
      .thenEvents(expired);
    later(HOLD_FOR)
      .when(hold('h-2', 'C2', 2))
      .thenEvents(expired, {
        type: 'SeatHeld',
        data: { hallId, holdId: 'h-2', customerId: 'C2', places: 2, expiresAt: at(2 * HOLD_FOR) },
      });
  });
  it('does not end before its time, nor twice', () => {
    later(HOLD_FOR - 1)
      .when(settle({ holdId: 'h-1' }))
      .thenRefused('not-due');
    const hallOf = hallAt();
    hallOf.send(0, size(2));
    hallOf.send(0, hold('h-1', 'C1', 1));
    expect(hallOf.send(HOLD_FOR, settle({ holdId: 'h-1' }))).toEqual(['SeatHoldExpired']);
    expect(hallOf.send(HOLD_FOR, settle({ holdId: 'h-1' }))).toEqual([]);
    expect(hallOf.send(HOLD_FOR, release('h-1'))).toBe('hold-expired');
  });
  it('is released, which offers its places', () => {
    const hallOf = hallAt();
    hallOf.send(0, size(2));
    hallOf.send(0, hold('h-1', 'C1', 2));
    hallOf.send(1, join('e-1', 'C2', 1));
    expect(hallOf.send(2, release('h-1'))).toEqual(['SeatHoldReleased', 'SeatOffered e-1']);
    expect(hallOf.send(3, release('h-1'))).toBe('hold-ended');
    expect(hallOf.send(3, release('h-2'))).toBe('hold-not-found');
  });
});

describe('a waiting list', () => {
  const full = (capacity = 3) => {
    const hallOf = hallAt();
    hallOf.send(0, size(capacity));
    for (let ticket = 1; ticket <= capacity; ticket += 1) hallOf.send(0, take(`t-${ticket}`, 'C0', 1));
    return hallOf;
  };

  it('takes entries only when too few places are free', () => {
    const hallOf = full();
    expect(hallOf.send(1, join('e-1', 'C1', 1))).toEqual(['SeatWaitingListJoined e-1']);
    expect(hallOf.send(1, join('e-1', 'C2', 1))).toBe('entry-already-exists');
    expect(hallOf.send(1, join('e-2', 'C1', 1))).toBe('already-waiting');
    const other = full();
    other.send(1, giveBack('t-1'));
    expect(other.send(1, join('e-1', 'C1', 1))).toBe('places-left');
    expect(other.send(1, join('e-1', 'C1', 2))).toEqual(['SeatWaitingListJoined e-1']);
  });

  it('offers a freed place in the decision that frees it, to the first in line', () => {
    const hallOf = full();
    hallOf.send(1, join('e-1', 'C1', 1));
    hallOf.send(1, join('e-2', 'C2', 1));
    expect(hallOf.send(2, giveBack('t-1'))).toEqual(['GivenBack', 'SeatOffered e-1']);
    expect(hallOf.send(3, take('t-9', 'C9', 1))).toBe('hall-full');
    expect(hallOf.send(3, take('t-9', 'C2', 1, { entryId: 'e-2' }))).toBe('not-offered');
    expect(hallOf.send(3, take('t-9', 'C2', 1, { entryId: 'e-1' }))).toBe('entry-not-found');
    expect(hallOf.send(3, take('t-9', 'C1', 1, { entryId: 'e-1' }))).toEqual(['Taken e-1']);
    expect(hallOf.send(3, take('t-8', 'C1', 1, { entryId: 'e-1' }))).toBe('entry-ended');
  });

  it('passes an expired or declined offer to the next in line', () => {
    const hallOf = full();
    for (const n of [1, 2, 3]) hallOf.send(1, join(`e-${n}`, `C${n}`, 1));
    hallOf.send(2, giveBack('t-1'));
    expect(hallOf.send(2 + HOLD_FOR, take('t-9', 'C1', 1, { entryId: 'e-1' }))).toBe('offer-expired');
    expect(hallOf.send(2 + HOLD_FOR, settle())).toEqual(['SeatOfferExpired e-1', 'SeatOffered e-2']);
    expect(hallOf.send(2 + HOLD_FOR, take('t-9', 'C1', 1, { entryId: 'e-1' }))).toBe('offer-expired');
    expect(hallOf.send(3 + HOLD_FOR, leave('e-2'))).toEqual(['SeatOfferDeclined e-2', 'SeatOffered e-3']);
    expect(hallOf.send(3 + HOLD_FOR, leave('e-2'))).toBe('entry-ended');
  });

  it('skips a group that is larger than what is free, and keeps its place', () => {
    const hallOf = full();
    hallOf.send(1, join('e-1', 'C1', 2));
    hallOf.send(1, join('e-2', 'C2', 1));
    expect(hallOf.send(2, giveBack('t-1'))).toEqual(['GivenBack', 'SeatOffered e-2']);
    expect(hallOf.send(3, giveBack('t-2'))).toEqual(['GivenBack']);
    hallOf.send(3, leave('e-2'));
    expect(hallOf.events.at(-1)).toMatchObject({ type: 'SeatOffered', data: { entryId: 'e-1', places: 2 } });
  });

  it('lets a small request pass a group that does not fit', () => {
    const hallOf = full();
    hallOf.send(1, join('e-1', 'C1', 3));
    hallOf.send(1, giveBack('t-1'));
    expect(hallOf.send(2, take('t-9', 'C2', 1))).toEqual(['Taken']);
  });

  it('takes a customer back who left', () => {
    const hallOf = full();
    hallOf.send(1, join('e-1', 'C1', 1));
    expect(hallOf.send(2, leave('e-1'))).toEqual(['SeatWaitingListLeft e-1']);
    expect(hallOf.send(2, leave('e-1'))).toBe('entry-ended');
    expect(hallOf.send(3, join('e-1', 'C1', 1))).toBe('entry-already-exists');
    expect(hallOf.send(3, join('e-2', 'C1', 1))).toEqual(['SeatWaitingListJoined e-2']);
  });

  it('ends with its resource', () => {
    const hallOf = full(4);
    hallOf.send(0, giveBack('t-4'));
    hallOf.send(1, hold('h-1', 'C9', 1));
    hallOf.send(1, join('e-1', 'C1', 1));
    hallOf.send(1, join('e-2', 'C2', 1));
    hallOf.send(1, giveBack('t-1'));
    const ends = ['Closed', 'SeatHoldReleased', 'SeatOfferDeclined e-1', 'SeatWaitingListLeft e-2'];
    expect(hallOf.send(2, close)).toEqual(ends);
    expect(hallOf.send(3, join('e-3', 'C3', 1))).toBe('hall-closed');
    expect(kept.open(hallOf.state)).toBe(0);
  });

  it('makes a limited number of offers in one decision, and marks that more follow', () => {
    const hallOf = hallAt();
    hallOf.send(0, size(0));
    const waiting = OFFERS_PER_COMMAND + 10;
    for (let n = 0; n < waiting; n += 1) hallOf.send(1, join(`e-${n}`, `C${n}`, 1));
    expect(hallOf.send(2, size(waiting + 5))).toHaveLength(1 + OFFERS_PER_COMMAND);
    expect(hallOf.events.filter(({ data }) => 'more' in data)).toEqual([hallOf.events.at(-1)]);
    expect(hallOf.state.places.waiting.size).toBe(10);
    expect(hallOf.send(2, settle())).toHaveLength(10);
    expect(hallOf.events.at(-1)?.data).not.toHaveProperty('more');
    expect(hallOf.send(2, take('t', 'C', 5))).toEqual(['Taken']);
  });
});

describe('a hall with sections', () => {
  const inSections = () => {
    const hallOf = hallAt();
    hallOf.send(0, size(2, 'A'));
    hallOf.send(0, size(1, 'B'));
    return hallOf;
  };
  const takeIn = (ticketId: string, customerId: string, places: number, name: string, from: object = {}) =>
    take(ticketId, customerId, places, { section: name, ...from });

  it('holds places of the section that the request names', () => {
    const hallOf = inSections();
    expect(hallOf.send(1, hold('h-1', 'C1', 1, 'B'))).toEqual(['SeatHeld']);
    expect(hallOf.events.at(-1)?.data).toMatchObject({ section: 'B', places: 1 });
    expect(hallOf.send(1, hold('h-2', 'C2', 1, 'B'))).toBe('hall-full');
    expect(hallOf.send(1, hold('h-2', 'C2', 2, 'A'))).toEqual(['SeatHeld']);
    expect(hallOf.send(1, hold('h-3', 'C3', 1))).toBe('hall-full');
    expect(hallOf.send(1, hold('h-3', 'C3', 1, 'nowhere'))).toBe('no-such-section');
  });
  it('takes the places of a hold or an offer only in their section', () => {
    const hallOf = inSections();
    hallOf.send(1, hold('h-1', 'C1', 1, 'B'));
    expect(hallOf.send(2, takeIn('t-1', 'C1', 1, 'A', { holdId: 'h-1' }))).toBe('hold-not-found');
    expect(hallOf.send(2, join('e-1', 'C2', 1, 'B'))).toEqual(['SeatWaitingListJoined e-1']);
    expect(hallOf.send(2, takeIn('t-1', 'C2', 1, 'A', { entryId: 'e-1' }))).toBe('entry-not-found');
    expect(hallOf.send(3, release('h-1'))).toEqual(['SeatHoldReleased', 'SeatOffered e-1']);
    expect(hallOf.events.slice(-2).map(({ data }) => data)).toMatchObject([{ section: 'B' }, { section: 'B' }]);
    expect(hallOf.send(4, takeIn('t-1', 'C2', 1, 'A', { entryId: 'e-1' }))).toBe('entry-not-found');
    expect(hallOf.send(4, takeIn('t-1', 'C2', 1, 'B', { entryId: 'e-1' }))).toEqual(['Taken e-1']);
  });
  it('has a waiting list for each section: a free place is offered to those who wait for its section', () => {
    const hallOf = inSections();
    hallOf.send(0, takeIn('t-1', 'C0', 2, 'A'));
    hallOf.send(0, takeIn('t-2', 'C0', 1, 'B'));
    expect(hallOf.send(1, join('e-1', 'C1', 1, 'A'))).toEqual(['SeatWaitingListJoined e-1']);
    expect(hallOf.send(1, join('e-2', 'C1', 1, 'A'))).toBe('already-waiting');
    expect(hallOf.send(1, join('e-2', 'C1', 1, 'B'))).toEqual(['SeatWaitingListJoined e-2']);
    expect(hallOf.send(2, giveBack('t-2'))).toEqual(['GivenBack', 'SeatOffered e-2']);
    expect(hallOf.send(3, size(3, 'A'))).toEqual(['Sized', 'SeatOffered e-1']);
  });
  it('offers the places of every section in one decision, up to a limit over all', () => {
    const hallOf = hallAt();
    const groups = { A: OFFERS_PER_COMMAND / 10, B: 1 };
    for (const [name, count] of Object.entries(groups)) {
      hallOf.send(0, size(10 * count, name));
      for (let n = 0; n < count; n += 1) hallOf.send(0, hold(`h-${name}${n}`, `C${n}`, 10, name));
      for (let n = 0; n < 10 * count; n += 1) hallOf.send(1, join(`e-${name}${n}`, `C${n}`, 1, name));
    }
    hallOf.send(HOLD_FOR, settle());
    expect(hallOf.events.at(-1)?.data).toMatchObject({ section: 'A', more: true });
    const remaining = hallOf.state.places.waiting.size;
    expect(remaining).toBeGreaterThan(10);
    expect(hallOf.send(HOLD_FOR, settle())).toHaveLength(remaining);
    expect(hallOf.events.at(-1)?.data).toMatchObject({ section: 'B' });
    expect(hallOf.events.at(-1)?.data).not.toHaveProperty('more');
  });
  it('ends the holds, offers and entries of every section with the hall', () => {
    const hallOf = inSections();
    hallOf.send(1, hold('h-1', 'C1', 2, 'A'));
    hallOf.send(1, hold('h-2', 'C2', 1, 'B'));
    hallOf.send(1, join('e-1', 'C3', 1, 'B'));
    expect(hallOf.send(2, close)).toEqual([
      'Closed',
      'SeatHoldReleased',
      'SeatHoldReleased',
      'SeatWaitingListLeft e-1',
    ]);
    expect(hallOf.state.places.pools).toEqual({});
  });
});

/** A plain model: lists, searched from their beginning. */
type Model = {
  isOpen: boolean;
  /** By section; '' is the hall without one. */
  capacity: Record<string, number>;
  tickets: { id: string; section: string; places: number }[];
  kept: {
    thing: 'hold' | 'offer';
    id: string;
    section: string;
    customerId: string;
    places: number;
    until: number;
  }[];
  waiting: { id: string; section: string; customerId: string; places: number }[];
  ended: Record<string, { customerId: string; how: string }>;
};

const SECTIONS = ['', 'A', 'B'];

const freeIn = ({ isOpen, capacity, tickets, kept }: Model, section: string): number => {
  let free = isOpen ? (capacity[section] ?? 0) : 0;
  for (const each of isOpen ? [...tickets, ...kept] : []) if (each.section === section) free -= each.places;
  return free;
};

const fits = (model: Model, section: string) => {
  const free = freeIn(model, section);
  return model.waiting.findIndex((each) => each.section === section && each.places <= free);
};

const end = (model: Model, id: string, how: string): void => {
  for (const list of [model.kept, model.waiting]) {
    const index = list.findIndex((each) => each.id === id);
    if (index >= 0) model.ended[id] = { customerId: list.splice(index, 1)[0]!.customerId, how };
  }
};

const offerFree = (model: Model, seconds: number): void => {
  for (const section of model.waiting.length > 0 ? SECTIONS : [])
    for (let index = fits(model, section); index >= 0; index = fits(model, section)) {
      const [entry] = model.waiting.splice(index, 1);
      model.kept.push({ thing: 'offer', ...entry!, until: seconds + HOLD_FOR });
    }
};

const settleModel = (model: Model, seconds: number): void => {
  for (const { id } of model.kept.filter(({ until }) => until <= seconds)) end(model, id, 'expired');
  offerFree(model, seconds);
};

const copyOf = ({ capacity, tickets, kept, waiting, ended, ...rest }: Model): Model => ({
  ...rest,
  capacity: { ...capacity },
  tickets: tickets.map((each) => ({ ...each })),
  kept: kept.map((each) => ({ ...each })),
  waiting: [...waiting],
  ended: { ...ended },
});

/** Does a command in the model. @returns its refusal */
const doInModel = (model: Model, { type, data }: Command, seconds: number): string | undefined => {
  const section = ('section' in data && data.section) || '';
  const canTake = (places: number) => places <= freeIn(model, section) && fits(model, section) < 0;
  const used = (id: string) => model.ended[id] ?? [...model.kept, ...model.waiting].find((each) => each.id === id);
  const endedAs = (id: string, thing: string) => {
    if (model.ended[id] === undefined) return `${thing === 'hold' ? 'hold' : 'entry'}-not-found`;
    return model.ended[id].how === 'expired' ? `${thing}-expired` : `${thing === 'hold' ? 'hold' : 'entry'}-ended`;
  };
  if (type === 'Size') {
    if (!model.isOpen) return 'hall-closed';
    const before = model.capacity[section] ?? 0;
    if (data.capacity < before - freeIn(model, section)) return 'too-small';
    model.capacity[section] = data.capacity;
  } else if (type === 'HoldSeat') {
    if (!model.isOpen) return 'hall-closed';
    if (used(data.holdId)) return 'hold-already-exists';
    if (!canTake(data.places)) return 'hall-full';
    const { holdId: id, customerId, places } = data;
    model.kept.push({ thing: 'hold', id, section, customerId, places, until: seconds + HOLD_FOR });
  } else if (type === 'ReleaseSeatHold') {
    if (!model.kept.some(({ id }) => id === data.holdId)) {
      const refused = endedAs(data.holdId, 'hold');
      return !model.isOpen && refused === 'hold-not-found' ? 'hall-closed' : refused;
    }
    end(model, data.holdId, 'released');
  } else if (type === 'JoinSeatWaitingList') {
    if (!model.isOpen) return 'hall-closed';
    if (used(data.entryId)) return 'entry-already-exists';
    const entries = [...model.waiting, ...model.kept.filter(({ thing }) => thing === 'offer')];
    if (entries.some((each) => each.section === section && each.customerId === data.customerId))
      return 'already-waiting';
    if (canTake(data.places)) return 'places-left';
    model.waiting.push({ id: data.entryId, section, customerId: data.customerId, places: data.places });
  } else if (type === 'LeaveSeatWaitingList') {
    const isThere = [...model.kept, ...model.waiting].some(({ id }) => id === data.entryId);
    if (!isThere) {
      const refused = endedAs(data.entryId, 'offer');
      return !model.isOpen && refused === 'entry-not-found' ? 'hall-closed' : refused;
    }
    end(model, data.entryId, 'left');
  } else if (type === 'Take') {
    const { ticketId, customerId, places } = data;
    if (!model.isOpen) return 'hall-closed';
    if (model.tickets.some(({ id }) => id === ticketId)) return 'ticket-exists';
    const thing = data.holdId ? 'hold' : 'offer';
    const id = data.holdId ?? data.entryId;
    if (id !== undefined) {
      const isTheirs = (each: { id: string; section: string; customerId: string }) =>
        each.id === id && each.section === section && each.customerId === customerId;
      const found = model.kept.find((each) => each.thing === thing && isTheirs(each));
      if (found) {
        if (places > found.places) return 'too-few-kept';
        found.places -= places;
        if (found.places === 0) end(model, id, 'used');
      } else if (model.waiting.some(isTheirs)) return 'not-offered';
      else if (model.ended[id]?.customerId === customerId) return endedAs(id, thing);
      else return thing === 'hold' ? 'hold-not-found' : 'entry-not-found';
    } else if (!canTake(places)) return 'hall-full';
    model.tickets.push({ id: ticketId, section, places });
  } else if (type === 'GiveBack') {
    model.tickets = model.tickets.filter(({ id }) => id !== data.ticketId);
  } else if (type === 'Close') {
    if (!model.isOpen) return 'hall-closed';
    model.isOpen = false;
    for (const { id } of [...model.kept, ...model.waiting]) end(model, id, 'left');
  } else {
    const id = 'holdId' in data ? data.holdId : data.entryId;
    if (model.kept.some((each) => each.id === id && each.until > seconds)) return 'not-due';
  }
  return undefined;
};

const oneOf = (prefix: string, count: number) => fc.nat({ max: count - 1 }).map((n) => `${prefix}-${n}`);
const customers = oneOf('C', 5);
const places = fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 3 }) }, fc.integer({ min: 1, max: 10 }));
const holds = oneOf('h', 20);
const entries = oneOf('e', 20);
const tickets = oneOf('t', 12);
/** Most steps are in one section, so that it gets full. */
const sections = fc.constantFrom(undefined, undefined, 'A', 'A', 'B');

const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  { weight: 10, arbitrary: fc.tuple(fc.nat({ max: 10 }), sections).map(([n, s]) => size(n, s)) },
  {
    weight: 50,
    arbitrary: fc.tuple(tickets, customers, places, sections).map(([t, c, n, s]) => take(t, c, n, inSection(s))),
  },
  {
    weight: 30,
    arbitrary: fc
      .tuple(tickets, customers, places, holds, sections)
      .map(([t, c, n, holdId, s]) => take(t, c, n, { holdId, ...inSection(s) })),
  },
  {
    weight: 30,
    arbitrary: fc
      .tuple(tickets, customers, places, entries, sections)
      .map(([t, c, n, entryId, s]) => take(t, c, n, { entryId, ...inSection(s) })),
  },
  { weight: 40, arbitrary: tickets.map(giveBack) },
  { weight: 40, arbitrary: fc.tuple(holds, customers, places, sections).map(([h, c, n, s]) => hold(h, c, n, s)) },
  { weight: 20, arbitrary: holds.map(release) },
  { weight: 60, arbitrary: fc.tuple(entries, customers, places, sections).map(([e, c, n, s]) => join(e, c, n, s)) },
  { weight: 20, arbitrary: entries.map(leave) },
  {
    weight: 20,
    arbitrary: fc.oneof(
      holds.map((holdId) => settle({ holdId })),
      entries.map((entryId) => settle({ entryId })),
    ),
  },
  { weight: 1, arbitrary: fc.constant(close) },
);

const anyStep = fc.record({
  command: anyCommand,
  /** Seconds by which the clock moves, also backwards. */
  clock: fc.oneof({ weight: 8, arbitrary: fc.nat({ max: 20 }) }, fc.integer({ min: -90, max: 120 })),
  /** The source of the state of the next decision: memory, the events, or a snapshot. */
  from: fc.constantFrom('memory', 'memory', 'memory', 'events', 'snapshot'),
  /** True when all timers that are due fire after the command. */
  isTicked: fc.boolean(),
});
type Step = typeof anyStep extends fc.Arbitrary<infer Value> ? Value : never;

/** Compares a hall with the plain model, step by step. */
const followsModel = (steps: readonly Step[]): void => {
  let state = initialState;
  let model: Model = { isOpen: true, capacity: {}, tickets: [], kept: [], waiting: [], ended: {} };
  const events: Event[] = [];
  let seconds = 0;

  const send = (command: Command): void => {
    const next = copyOf(model);
    settleModel(next, seconds);
    const refused = doInModel(next, command, seconds);
    offerFree(next, seconds);
    const decision = hallDecider.decide(command, state, {
      now: at(seconds),
      revision: BigInt(events.length),
      timeZone: 'UTC',
    });
    if (isRefusal(decision)) {
      if (decision.refused !== refused) expect(decision.refused).toBe(refused);
      return;
    }
    if (refused !== undefined) expect.fail(`${command.type} was not refused as ${refused}`);
    model = next;
    events.push(...decision);
    state = decision.reduce(hallDecider.evolve, state);
    check();
  };

  /** One comparison of texts: a million steps make a million of them. */
  const check = (): void => {
    const { holds, offers, waiting, pools, deadlines } = state.places;
    const list = (map: typeof holds) =>
      [...map].map(([id, { pool, places, expiresAt }]) => `${id} ${pool} ${places} ${expiresAt}`).sort();
    const modelled = (thing: string) =>
      model.kept
        .filter((each) => each.thing === thing)
        .map(({ id, section, places, until }) => `${id} ${section} ${places} ${at(until)}`)
        .sort();
    const inOrder = [...waiting].sort(([, a], [, b]) => (a.order < b.order ? -1 : 1)).map(([id]) => id);
    const keptPlaces = (section: string) =>
      model.kept.reduce((total, each) => total + (each.section === section ? each.places : 0), 0);
    const sizes = [model.kept.length, model.waiting.length, model.waiting.length + modelled('offer').length];
    const used = new Set([...model.kept, ...model.waiting].map(({ section }) => section));
    const expected = [
      modelled('hold'),
      modelled('offer'),
      model.waiting.map(({ id }) => id),
      model.tickets.length,
      SECTIONS.map(keptPlaces),
      [...used].sort(),
    ];
    const inPools = (count: (pool: State['pools'][string]) => number) =>
      Object.values(pools).reduce((sum, pool) => sum + count(pool), 0);
    const found = [
      list(holds),
      list(offers),
      inOrder,
      state.tickets.size,
      SECTIONS.map((name) => keptIn(state.places, name)),
      Object.keys(pools).sort(),
    ];
    const indexes = [
      deadlines.flat().length,
      inPools(({ queues }) => [...queues.values()].flat(2).length),
      inPools(({ entries }) => entries.size),
    ];
    expect(JSON.stringify([found, indexes])).toBe(JSON.stringify([expected, sizes]));
    for (const [name, { capacity, taken }] of state.sections)
      if (taken + keptIn(state.places, name) > capacity) expect.fail(`more places of ${name} are taken than there are`);
  };

  for (const { command, clock, from, isTicked } of steps) {
    seconds += clock;
    if (from === 'events') state = stateAfter(hallDecider, events);
    if (from === 'snapshot') state = restored(state);
    send(command);
    if (!isTicked) continue;
    for (const { thing, id } of [...model.kept]) send(settle(thing === 'hold' ? { holdId: id } : { entryId: id }));
    const overdue = state.places.deadlines.flat().filter((text) => text.slice(0, at(0).length) <= at(seconds));
    if (overdue.length > 0) expect.fail(`kept past their time: ${overdue}`);
  }
};

test('a hall equals a plain model after any interleaving, crash and change of the clock', () => {
  let steps = 0;
  while (steps < MODEL_STEPS)
    fc.assert(
      fc.property(fc.array(anyStep, { minLength: 1, maxLength: 150, size: 'max' }), (given) => {
        steps += given.length;
        followsModel(given);
      }),
      { numRuns: 20 },
    );
}, 600_000);
