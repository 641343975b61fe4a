import { expect, it } from 'vitest';
import { memoryStreams } from '../../platform/event-store/testing.ts';
import {
  type Revision,
  type StoredEvent,
  StoreUnavailableError,
  WrongEventStoreError,
} from '../../platform/event-store/types.ts';
import { storedEvent } from '../../platform/subscriptions/testing.ts';
import { schema as foodCourt } from '../../schemas/food-court.ts';
import { commandHandler, type GivenCommand } from '../kernel/command-handler.ts';
import { seats, TIME_ZONE } from '../kernel/testing.ts';
import { policy } from './policy.ts';
import { policyConsumer } from './policy-consumer.ts';
import { dispatchTo, onlyToTheSame, startPolicies } from './run-policies.ts';

const data = { shopId: 'shop-1', orderId: 'o1', customerId: 'c1' };
const lease = { assertHeld: () => {} };

/** The same event id at another revision: a command that was accepted again after the stream forgot it. */
const cooked = (revision: number): StoredEvent => ({
  ...storedEvent(revision, 'OrderCooked', data),
  id: '0190163d-8694-839b-aea5-966c26f8ad91',
  revision: BigInt(revision) as Revision,
});

const commandsFor = async (...events: StoredEvent[]) => {
  const commands: GivenCommand[] = [];
  const seen: string[] = [];
  const noting = policy({
    name: 'food-court.noting',
    context: foodCourt,
    events: ['OrderCooked'],
    key: () => '',
    react: ({ revision, data: { shopId, orderId } }) => {
      seen.push(revision);
      return [{ type: 'PickUpOrder', data: { shopId, orderId } }];
    },
  });
  const consumer = policyConsumer(noting, async (command) => {
    commands.push(command);
    return { kind: 'done' };
  });
  for (const event of events) await consumer.handle([event], lease);
  return { seen, ids: commands.map(({ commandId }) => commandId) };
};

it('derives the same command id for an event that is handled again', async () => {
  const { ids } = await commandsFor(cooked(5), cooked(5));
  expect(new Set(ids).size).toBe(1);
});

it('derives another command id for an event with the same id at another revision', async () => {
  const { ids, seen } = await commandsFor(cooked(5), cooked(7));
  expect(new Set(ids).size).toBe(2);
  expect(seen).toEqual(['5', '7']);
});

it('takes a command for done that was done when hashes had another key', async () => {
  const store = memoryStreams();
  const taken = { version: 1, data: {} as never, upcasters: {}, summary: '' };
  const schema = { ...foodCourt, commands: {}, queries: {}, events: { Taken: taken } };
  const dispatchWith = (secret: Buffer | undefined) =>
    dispatchTo(
      commandHandler({
        store,
        contexts: [{ schema, deciders: [{ ...seats, id: () => '1' }] }],
        timeZone: TIME_ZONE,
        secret,
        onError: () => {},
      }),
    );
  const command = { type: 'Take', data: { name: 'ann' }, commandId: 'p:e@0:0', actor: 'policy:p', correlationId: 'c' };
  for (const secret of [undefined, Buffer.alloc(32, 1), Buffer.alloc(32, 2)])
    expect(await dispatchWith(secret)({ ...command, causationId: 'e' })).toEqual({ kind: 'done' });
  const events: unknown[] = [];
  for await (const event of store.read('seats-1', 0n)) events.push(event);
  expect(events).toHaveLength(1);
});

it('refuses to start with two contexts that declare the same policy', () => {
  const noting = { name: 'noting', context: foodCourt, events: [], key: () => '', react: () => [] };
  const other = { ...noting, context: { ...foodCourt, name: 'library' } };
  expect(() => startPolicies({ policies: [noting, other] } as never)).toThrow(
    'The policy noting is declared twice: by food-court and by library',
  );
});

it('sends no command to an event store that went back while a command got no answer', async () => {
  const command = { type: 'PickUpOrder', data: {}, actor: 'policy:test' };
  let answer = async () => ({ kind: 'done' as const });
  let looks = 0;
  let isSame = true;
  let isDecided = false;
  let changes = 0;
  const dispatch = onlyToTheSame(() => answer(), {
    async require() {
      looks += 1;
      if (!isSame) throw new WrongEventStoreError('it was restored from an older copy');
      changes += isDecided ? 1 : 0;
    },
    changes: () => changes,
  });
  await dispatch(command);
  expect(looks).toBe(0);

  answer = async () => {
    throw new StoreUnavailableError('the event store did not answer');
  };
  await expect(dispatch(command)).rejects.toThrow('did not answer');
  answer = async () => ({ kind: 'done' });
  isSame = false;
  // A failure that is no refusal of the event: the event is not parked.
  await expect(Promise.all([dispatch(command), dispatch(command)])).rejects.toThrow(StoreUnavailableError);
  expect(looks).toBe(1);

  isSame = true;
  isDecided = true;
  // The event of the command was read before an operator accepted another history.
  await expect(dispatch(command)).rejects.toThrow(StoreUnavailableError);
  await dispatch(command);
  await dispatch(command);
  expect(looks).toBe(2);
});
