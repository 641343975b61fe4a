import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdsForEveryDecider, play, specification } from '../kernel/testing.ts';
import { hospital } from './hospital.ts';

const { given } = specification(hospital);

type Command = Parameters<typeof hospital.decide>[0];
type Event = Parameters<typeof hospital.evolve>[1];

const hospitalId = 'h1';
const hospitalName = '분당서울대학교병원';
const day = '2026-02-01';

type Claim = { slotId: string; date: string };
const dayOf = (slotId: string, date = day): Claim => ({ slotId, date });

const claim = (slotId: string, date = day, ...over: Claim[]): Command => ({
  type: 'ClaimDay',
  data: { hospitalId, hospitalName, date, slotId, over },
});
const claimed = (slotId: string, date = day): Event => ({
  type: 'DayClaimed',
  data: { hospitalId, hospitalName, date, slotId },
});

describe('ClaimDay', () => {
  it('gives a free day to a slot', () => given().when(claim('s1')).thenEvents(claimed('s1')));
  it('gives each day to a slot of its own', () =>
    given(claimed('s1')).when(claim('s2', '2026-02-02')).thenEvents(claimed('s2', '2026-02-02')));
  it('gives a day once, and names the slot that has it', () => {
    given(claimed('s1')).when(claim('s2')).thenRefused('slot-already-open');
    const { state } = play(hospital, [claim('s1')]);
    const input = { now: '2026-01-31T09:00:00.000Z', timeZone: 'Asia/Seoul', revision: 1n };
    expect(hospital.decide(claim('s2'), state, input)).toMatchObject({ existing: '/screening/slots/s1' });
  });
  it('gives the same slot its day once', () => given(claimed('s1')).when(claim('s1')).thenNothing());
  it('gives a day that a slot has yielded to the next', () =>
    given(claimed('s1'))
      .when(claim('s2', day, dayOf('s1')))
      .thenEvents(claimed('s2')));
  it('gives it to nobody whom another slot preceded', () =>
    given(claimed('s1'), claimed('s2'))
      .when(claim('s3', day, dayOf('s1')))
      .thenRefused('slot-already-open'));
  it('takes only the day that a slot has yielded, not another day that it has got since', () => {
    const both = given(claimed('s1'), claimed('s1', '2026-02-02'));
    both.when(claim('s2', '2026-02-02', dayOf('s1'))).thenRefused('slot-already-open');
    const named = { ...claim('s2', day, dayOf('s1')).data, hospitalName: '서울아산병원' };
    both.when({ type: 'ClaimDay', data: named } as Command).thenRefused('hospital-name-differs');
  });
  it('is for one name of the hospital', () => {
    const otherwise = (slotId: string, date = day): Event => ({
      type: 'DayClaimed',
      data: { ...claimed(slotId, date).data, hospitalName: '서울아산병원' },
    });
    const known = given(otherwise('s1'), otherwise('s2', '2026-02-02'));
    const [first, second] = [dayOf('s1'), dayOf('s2', '2026-02-02')];
    for (const over of [[], [first], [second]])
      known.when(claim('s3', '2026-02-03', ...over)).thenRefused('hospital-name-differs');
    given(otherwise('s1')).when(claim('s1')).thenRefused('hospital-name-differs');
    known.when(claim('s3', '2026-02-03', first, second)).thenEvents(claimed('s3', '2026-02-03'));
    known.when(claim('s3', day, first, second)).thenEvents(claimed('s3'));
  });
});

it('keeps the rules of every decider', () => {
  const slot = fc.constantFrom('s1', 's2', 's3');
  const date = fc.constantFrom(day, '2026-02-02');
  const over = fc.array(fc.record({ slotId: slot, date }), { maxLength: 2 });
  holdsForEveryDecider(
    hospital,
    fc.tuple(slot, date, over).map(([slotId, on, before]) => claim(slotId, on, ...before)),
  );
});
