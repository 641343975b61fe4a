import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plus } from '../../schemas/kernel/calendar.ts';
import { holdsForEveryDecider, play, specification } from '../kernel/testing.ts';
import { hall } from './hall.ts';

type Command = Parameters<typeof hall.decide>[0];
type Event = Parameters<typeof hall.evolve>[1];

const NOW = '2026-01-31T09:00:00.000Z';
const { given } = specification(hall, NOW);
const STARTS_AT = '2027-01-31T19:00:00.000Z';
const [hallId, movieId] = ['h-1', 'm-1'];

/** A showing of 100 minutes with 20 minutes of cleaning, some minutes after the first. */
const showing = (slot: number, minutes = 0) => ({
  hallId,
  movieId,
  showingId: `s-${slot}`,
  title: '괴물',
  startsAt: plus(STARTS_AT, { minutes }),
  seats: 2,
  price: 12_000,
  runningTime: 100,
  cleaning: 20,
  slot: `m-1.${slot}`,
});
const of = (slot: number) => ({ hallId, movieId, showingId: `s-${slot}`, slot: `m-1.${slot}` });

const book = (slot: number, minutes?: number): Command => ({ type: 'BookHall', data: showing(slot, minutes) });
const free = (slot: number, rest = {}): Command => ({ type: 'FreeHall', data: { ...of(slot), ...rest } });
const check = (slot: number): Command => ({ type: 'CheckHall', data: { hallId, slot: `m-1.${slot}` } });

const booked = (slot: number, minutes = 0, bookedAt = NOW): Event => ({
  type: 'HallBooked',
  data: { ...showing(slot, minutes), until: plus(STARTS_AT, { minutes: minutes + 120 }), bookedAt },
});
const refused = (slot: number): Event => ({ type: 'HallRefused', data: of(slot) });
const freed = (slot: number, rest = {}): Event => ({ type: 'HallFreed', data: { ...of(slot), ...rest } });

describe('a hall', () => {
  it('is kept for a showing until it is cleaned', () => given().when(book(1)).thenEvents(booked(1)));
  it('is kept once', () => given(booked(1)).when(book(1)).thenNothing());
  it.each([0, 60, 119, -60, -119])('refuses a showing that starts %i minutes after another one', (minutes) =>
    given(booked(1)).when(book(2, minutes)).thenEvents(refused(2)),
  );
  it.each([120, -120])('takes a showing %i minutes after another one', (minutes) =>
    given(booked(1)).when(book(2, minutes)).thenEvents(booked(2, minutes)),
  );
  it('keeps a refusal, also when it is free again', () =>
    given(booked(1), refused(2), freed(1)).when(book(2)).thenNothing());
  it('is free again', () => {
    given(booked(1)).when(free(1)).thenEvents(freed(1));
    given(booked(1), freed(1)).when(book(2)).thenEvents(booked(2));
  });
  it('is freed once, and only of its own showings', () => {
    given(booked(1), freed(1)).when(free(1)).thenNothing();
    given(booked(1), refused(2))
      .when(free(2, { withdrawnAt: NOW }))
      .thenNothing();
    given(booked(1), freed(1)).when(book(1)).thenNothing();
  });
  it('says whether a showing has it', () => {
    given(booked(1)).when(check(1)).thenNothing();
    given(booked(1), refused(2)).when(check(2)).thenRefused('hall-in-use');
    given().when(check(1)).thenRefused('showing-not-found');
  });
});

describe('a showing that is over', () => {
  const late = plus(STARTS_AT, { hours: 10 });
  const before = [booked(1), booked(2, 1_000, late)];
  it('is not booked again by a repeated command', () => {
    given(...before)
      .when(book(1))
      .thenNothing();
    given(...before)
      .when(check(1))
      .thenNothing();
  });
  it('is still withdrawn with its movie, once', () => {
    given(...before)
      .when(free(1, { withdrawnAt: NOW }))
      .thenEvents(freed(1, { withdrawnAt: NOW }));
    given(...before, freed(1, { withdrawnAt: NOW }))
      .when(free(1, { withdrawnAt: NOW }))
      .thenNothing();
  });
});

describe('a showing that moves', () => {
  const rebook = (to: string, minutes: number, slot = 1): Command => {
    const { title: _title, seats: _seats, price: _price, ...data } = showing(slot, minutes);
    return { type: 'RebookHall', data: { ...data, slot: to } };
  };
  const rebooked = (to: string, minutes: number, slot = 1): Event => ({
    type: 'HallRebooked',
    data: {
      ...of(slot),
      slot: to,
      startsAt: plus(STARTS_AT, { minutes }),
      until: plus(STARTS_AT, { minutes: minutes + 120 }),
      bookedAt: NOW,
    },
  });
  const left = freed(1, { movedTo: 'm-1.1.7' });

  it('has the hall at both times, also when they overlap', () => {
    given(booked(1)).when(rebook('m-1.1.7', 30)).thenEvents(rebooked('m-1.1.7', 30));
    const both = given(booked(1), rebooked('m-1.1.7', 300));
    both.when(rebook('m-1.1.7', 300)).thenNothing();
    both.when(book(2, 300)).thenEvents(refused(2));
    both.when(book(2)).thenEvents(refused(2));
  });
  it('has it at the new time alone when the old one is freed', () => {
    given(booked(1), rebooked('m-1.1.7', 300))
      .when(free(1, { movedTo: 'm-1.1.7' }))
      .thenEvents(left);
    const moved = given(booked(1), rebooked('m-1.1.7', 300), left);
    moved.when(book(2)).thenEvents(booked(2));
    moved.when(book(2, 300)).thenEvents(refused(2));
  });
  it('gets no time at which another showing has the hall, and appends nothing', () => {
    given(booked(1), booked(2, 300)).when(rebook('m-1.1.7', 200)).thenRefused('hall-in-use');
    given(booked(1)).when(rebook('m-1.1.7', -1_000_000)).thenRefused('too-late');
  });
  it('waits for another move that has not ended', () => {
    given(booked(1), rebooked('m-1.1.7', 300)).when(rebook('m-1.1.7', 400)).thenRefused('hall-unavailable');
    const voided: Event = { type: 'HallFreed', data: { ...of(1), slot: 'm-1.1.7' } };
    given(booked(1), rebooked('m-1.1.7', 300), voided).when(rebook('m-1.1.7', 300)).thenRefused('hall-unavailable');
  });
  it('is withdrawn under the slot of its scheduling, once, however often it moved', () => {
    const again: Event = { type: 'HallFreed', data: { ...of(1), slot: 'm-1.1.7', movedTo: 'm-1.1.9' } };
    const moved = [booked(1), rebooked('m-1.1.7', 300), left, rebooked('m-1.1.9', 900), again];
    // A booking after the end of the second slot forgets what is over.
    const later = plus(STARTS_AT, { minutes: 600 });
    const forgotten = [...moved, booked(3, 2_000, later)];
    given(...forgotten)
      .when(free(1, { withdrawnAt: NOW }))
      .thenEvents(freed(1, { withdrawnAt: NOW }));
    given(...forgotten, freed(1, { withdrawnAt: NOW }))
      .when(free(1, { withdrawnAt: NOW }))
      .thenNothing();
  });
  it('can be checked before', () => {
    const { title: _title, seats: _seats, price: _price, slot: _slot, ...data } = showing(2, 60);
    given(booked(1)).when({ type: 'CheckHallTime', data }).thenRefused('hall-in-use');
    given(booked(1))
      .when({ type: 'CheckHallTime', data: { ...data, showingId: 's-1' } })
      .thenNothing();
    given().when({ type: 'CheckHallTime', data }).thenNothing();
  });
});

describe('any sequence of commands', () => {
  const anyCommand = fc.oneof(
    fc.tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 600 })).map(([slot, at]) => book(slot, at)),
    fc.integer({ min: 1, max: 8 }).map((slot) => free(slot)),
    fc.tuple(fc.integer({ min: 1, max: 8 }), fc.nat(3), fc.integer({ min: 0, max: 600 })).map(([slot, move, at]) => {
      const { title: _title, seats: _seats, price: _price, ...data } = showing(slot, at);
      return { type: 'RebookHall', data: { ...data, slot: `m-1.${slot}.${move}` } } as Command;
    }),
    fc.tuple(fc.integer({ min: 1, max: 8 }), fc.nat(3)).map(([slot, move]): Command => {
      return { type: 'FreeHall', data: { ...of(slot), slot: `m-1.${slot}.${move}` } };
    }),
  );
  it('keeps the rules of every decider', () => holdsForEveryDecider(hall, anyCommand));
  it('never keeps the hall for two showings at a time', () =>
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 60, size: 'max' }), (commands) => {
        const kept = new Map<string, { showingId: string; startsAt: string; until: string }>();
        for (const { type, data } of play(hall, commands).events) {
          if (type === 'HallFreed') kept.delete(data.slot);
          if (type !== 'HallBooked' && type !== 'HallRebooked') continue;
          for (const other of kept.values())
            if (other.showingId !== data.showingId)
              expect(other.until <= data.startsAt || data.until <= other.startsAt).toBe(true);
          kept.set(data.slot, data);
        }
      }),
    ));
});
