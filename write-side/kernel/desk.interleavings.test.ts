import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Fate, memoryStreams } from '../../platform/event-store/testing.ts';
import { isRefusal } from './decider.ts';
import type { Outcome, Request, Tried } from './request.ts';
import { SEATS_STREAM, seats, seatsDesk, seatsRequest, stampedSeats, stateAfter } from './testing.ts';

/**
 * The action of a client: it sends or tries a command through one of two processes, and perhaps stops waiting for the
 * answer.
 */
const step = fc.record({
  process: fc.constantFrom(0, 1),
  command: fc.record({
    type: fc.constantFrom('Take' as const, 'Take' as const, 'Leave' as const, 'Look' as const),
    data: fc.record({ name: fc.constantFrom('ann', 'bob', 'cho', 'dan', 'eve') }),
  }),
  key: fc.option(fc.constantFrom('k-1', 'k-2', 'k-3')),
  isNamedByContent: fc.boolean(),
  ifMatch: fc.option(fc.nat({ max: 6 }), { freq: 8 }),
  isGivenUp: fc.boolean(),
  isTrial: fc.constantFrom(true, false, false, false),
});

const fate = fc.constantFrom<Fate>('answered', 'answered', 'answered', 'lost', 'answer-lost', 'late');

type Told = { request: Request; outcome: Outcome | Tried; from: number; to: number };

it('answers with what it wrote and refuses for a reason, in any order of commands, delays and failures', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(step, { minLength: 1, maxLength: 14 }),
      fc.array(fate, { maxLength: 10 }),
      async (scheduler, steps, fates) => {
        const wait = (what: string) => scheduler.schedule(Promise.resolve(), what);
        const store = memoryStreams(wait, fates[Symbol.iterator]());
        const stream = () => store.events(SEATS_STREAM);
        const desks = [0, 1].map(() => seatsDesk({ store, decider: stampedSeats, pause: () => wait('pause') }));
        const told: Told[] = [];

        for (const [index, step] of steps.entries()) {
          const { process, command, key, isNamedByContent: named, ifMatch, isGivenUp, isTrial } = step;
          const isNamedByContent = named && key === null && command.type === 'Take';
          void wait('client').then(async () => {
            let isAbandoned = false;
            if (isGivenUp) void wait('client gives up').then(() => (isAbandoned = true));
            const id = isNamedByContent ? command.data.name : undefined;
            const asked = seatsRequest(command, key ?? id, {
              isAbandoned: () => isAbandoned,
              isNamedByContent,
              ...(ifMatch === null ? {} : { ifMatch: [BigInt(ifMatch)] }),
            });
            const request = { ...asked, metadata: { ...asked.metadata, time: `${index}` } };
            const from = stream().length;
            const outcome = await desks[process]![isTrial ? 'attempt' : 'submit'](request);
            told.push({ request, outcome, from, to: stream().length });
          });
        }
        await scheduler.waitIdle();

        expect(told).toHaveLength(steps.length);
        expect(desks.map(({ busy }) => busy())).toEqual([0, 0]);
        const events = stream();
        const written = (commandId: string) => events.filter(({ metadata }) => metadata.commandId === commandId);
        const messages = events.map(({ type, data }) => ({ type, data }) as Parameters<typeof seats.evolve>[1]);

        for (const { request, outcome, from, to } of told) {
          const { commandId, fingerprint } = request.metadata;
          const others = told.filter(
            (each) => each.request !== request && each.request.metadata.commandId === commandId,
          );
          const moments = Array.from({ length: to - from + 1 }, (_, index) => from + index);
          const own = written(commandId);
          const required = request.ifMatch as readonly bigint[] | undefined;
          const input = (moment: number) => ({ now: '', timeZone: 'UTC', revision: BigInt(moment) });
          const hasEnded = (moment: number) => {
            const state = stateAfter(seats, messages.slice(0, moment));
            return seats.ended?.(request.command as never, state, input(moment))?.refused;
          };
          const decisionAt = (moment: number) =>
            seats.decide(request.command as never, stateAfter(seats, messages.slice(0, moment)), input(moment));
          expect(own.length, `${commandId} is written once`).toBeLessThanOrEqual(1);

          switch (outcome.kind) {
            case 'done': {
              expect(outcome.revision, 'nobody is answered before it is durable').toBeLessThan(BigInt(to));
              if (outcome.events.length === 0) break;
              if (request.isNamedByContent)
                expect(moments.map(hasEnded), 'the result stood while the command was there').toContain(undefined);
              expect(own).toMatchObject([{ ...outcome.events[0], revision: outcome.revision }]);
              expect(own[0]?.metadata.fingerprint).toBe(fingerprint);
              // A group has one position, that of its last event.
              expect(own[0]?.position.commit).toBeLessThanOrEqual(outcome.position?.commit ?? -1n);
              break;
            }
            case 'refused':
              expect(
                moments.some((moment) => {
                  const decision = decisionAt(moment);
                  const isRefused = isRefusal(decision) && decision.refused === outcome.refusal.refused;
                  return isRefused || (own.length > 0 && hasEnded(moment) === outcome.refusal.refused);
                }),
                `${outcome.refusal.refused} was true while the command was there`,
              ).toBe(true);
              if (others.length === 0) expect(own).toEqual([]);
              break;
            case 'stale':
              expect(moments.map((moment) => BigInt(moment) - 1n)).toContain(outcome.revision);
              if (others.length === 0) expect(own).toEqual([]);
              break;
            case 'key-reused': {
              // The first of two commands with one key may have changed nothing: only its process knows it, and another
              // one may write the second.
              const answered = others.filter((each) => each.outcome.kind === 'done');
              const prints = [...own, ...answered.map((each) => each.request)].map((each) => each.metadata.fingerprint);
              expect(
                prints.some((print) => print !== fingerprint),
                'another command has this key',
              ).toBe(true);
              break;
            }
            case 'tried':
              expect(
                moments.some(
                  (moment) => !isRefusal(decisionAt(moment)) && (required?.includes(BigInt(moment) - 1n) ?? true),
                ),
                'it would have been done while the command was there',
              ).toBe(true);
              if (others.length === 0) expect(own).toEqual([]);
              break;
            case 'dropped':
              if (others.length === 0) expect(own).toEqual([]);
              break;
            case 'unavailable':
              expect(outcome.uncertain).toBe(true);
              break;
            case 'overloaded':
              expect(own).toEqual([]);
              break;
            default:
              expect.unreachable(outcome.kind);
          }
        }
        for (let length = 1; length <= messages.length; length++)
          expect(stateAfter(seats, messages.slice(0, length)).length).toBeLessThanOrEqual(3);
      },
    ),
    { numRuns: Number(process.env.INTERLEAVINGS ?? 500) },
  );
});
