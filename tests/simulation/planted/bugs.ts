/** A bug: a text that occurs once in a file, and its replacement. */
export type Bug = {
  name: string;
  file: string;
  find: string;
  replace: string;
  /** Set for a bug that takes more than ten thousand operations. */
  isRare?: true;
};

/** Bugs that the simulation must find. Each one breaks a promise that only some order of events shows. */
export const BUGS: readonly Bug[] = [
  {
    name: 'append wherever the stream ends',
    file: 'platform/event-store/streams.ts',
    find: "const expectedRevision = expected === 'no-stream' ? NO_STREAM : expected;",
    replace: "const expectedRevision = 'any' as const;",
  },
  {
    name: 'forget commands that were done',
    file: 'write-side/kernel/append-batch.ts',
    find: 'const at = standing.recent.find(metadata.commandId);',
    replace: 'const at = undefined as bigint | undefined;',
  },
  {
    name: 'forget the commands of the other write side',
    file: 'write-side/kernel/stream-state.ts',
    find: '        state.recent.add(event.metadata, event.revision);\n',
    replace: '',
  },
  {
    name: 'refuse without a look at the stream',
    file: 'write-side/kernel/append-batch.ts',
    find: "if (decided.length === 0 && waiting.state === 'confirmed') {",
    replace: 'if (decided.length === 0) {',
  },
  {
    name: 'move the checkpoint before the events are handled',
    file: 'platform/subscriptions/delivery.ts',
    find: '  await consumer.handle(mine, lease);\n',
    replace:
      '  await checkpoints.move({ consumer: consumer.name, token, position: batch.checkpoint });\n  await consumer.handle(mine, lease);\n',
  },
  {
    name: 'give later batches after retries were given up',
    file: 'platform/subscriptions/shared-subscriptions.ts',
    find: 'if (assignments.size === 0 || subscription.context.signal.aborted) return;',
    replace: 'if (assignments.size === 0) return;',
  },
  {
    name: 'move the checkpoint past commands in flight',
    file: 'platform/subscriptions/keyed-delivery.ts',
    find: 'const position = first ?? assignment.received;',
    replace: 'const position = first ? assignment.received : assignment.received;',
    isRare: true,
  },
  {
    name: 'move a checkpoint without its token',
    file: 'platform/subscriptions/checkpoints.ts',
    find: 'filter: { _id: consumer, token, stamp: { $in: [...stamps] } },',
    replace: 'filter: { _id: consumer },',
    isRare: true,
  },
  {
    name: 'let a late write move a checkpoint back',
    file: 'platform/subscriptions/checkpoints.ts',
    find: 'filter: { _id: consumer, token, stamp: { $in: [...stamps] } },',
    replace: 'filter: { _id: consumer, token },',
  },
  {
    name: 'continue from the checkpoint in memory after a restore of MongoDB',
    file: 'platform/subscriptions/checkpoints.ts',
    find: '(stored.token === token && !(stored.stamp && stamps.includes(stored.stamp)));',
    replace: '(stored.token === token && !stored.stamp && stamps.length < 0);',
    isRare: true,
  },
  {
    name: 'compare an event store by its end only',
    file: 'platform/subscriptions/event-store-check.ts',
    find: 'if (event && !(await hasEvent(client, event)))',
    replace: 'if (event && !(await hasEvent(client, event)) && comparePositions(position, end) > 0)',
    isRare: true,
  },
  {
    name: 'keep the timers of lost events',
    file: 'platform/subscriptions/event-store-check.ts',
    find: "await db.collection('schedule').deleteMany({});",
    replace: '',
    isRare: true,
  },
  {
    name: 'keep a lease that nobody uses',
    file: 'platform/subscriptions/ownership.ts',
    find: 'owner === session.id && !assignments.has(_id) && !mine.includes(_id),',
    replace: 'owner === session.id && !assignments.has(_id) && mine === undefined,',
    isRare: true,
  },
  {
    name: 'wait for ever for a silent subscription',
    file: 'platform/event-store/subscription.ts',
    find: 'if (ahead && suspicious) throw',
    replace: 'if (ahead && !suspicious && suspicious) throw',
  },
  {
    name: 'subscribe again after the events that were received',
    file: 'platform/event-store/subscription.ts',
    find: '    const connection = connect(options, checkpoint);\n',
    replace:
      '    if (dropsInARow > 1 && options.readTail) checkpoint = await options.readTail().catch(() => checkpoint);\n    const connection = connect(options, checkpoint);\n',
  },
  {
    name: 'write a view document whatever it holds',
    file: 'projections/kernel/writer.ts',
    find: 'replaceOne: { filter: { _id: before._id, _position: before._position }, replacement: document }',
    replace: 'replaceOne: { filter: { _id: before._id }, replacement: document }',
  },
  {
    name: 'fold an event again that a document has',
    file: 'projections/kernel/writer.ts',
    find: 'const news = events.filter(({ position }) => position.commit > reached);',
    replace: 'const news = events.filter(({ position }) => position.commit > reached || reached >= 0n);',
  },
  {
    name: 'give up a timer that failed once',
    file: 'write-side/policies/schedule.ts',
    find: 'await write({ updateOne: { filter, update: { $set: { dueAt, reason } } } });',
    replace: 'await write(dueAt && reason ? { deleteOne: { filter } } : { deleteOne: { filter } });',
  },
  {
    name: 'let a wrong clock put off timers',
    file: 'write-side/policies/schedule.ts',
    find: 'if (dueAt.getTime() > planned.getTime() + POSTPONED_MOST)',
    replace: 'if (dueAt.getTime() > planned.getTime() + 100 * 86_400_000)',
  },
  {
    name: 'take a timer as done that came early',
    file: 'write-side/policies/schedule.ts',
    find: 'if (result.reason === notDue.refused) throw new Error(',
    replace: 'if (result.reason === notDue.refused && !task.task) throw new Error(',
  },
  {
    name: 'confirm a seat whose payment is open',
    file: 'write-side/cinema/steps.ts',
    find: "if (outcome === 'open') return later;",
    replace: "if (outcome === 'open') outcome = 'approved';",
    isRare: true,
  },
  {
    name: 'keep the money of a payment without an answer',
    file: 'write-side/payments/perform.ts',
    find: 'charged: await payments.undo(key)',
    replace: 'charged: (await payments.find(key)) !== undefined',
  },
  {
    name: 'offer a place to the last who waits',
    file: 'write-side/kernel/limited-places.ts',
    find: '(first === undefined || text < first)',
    replace: '(first === undefined || text > first)',
    isRare: true,
  },
  {
    name: 'give a place to somebody who did not wait',
    file: 'write-side/kernel/limited-places.ts',
    find: 'return places <= free && firstThatFits(state.places, pool, free) === undefined;',
    replace: 'return places <= unreserved(state, pool) - poolOf(state.places, pool).kept + 1;',
  },
  {
    name: 'keep a hold that a reservation used',
    file: 'write-side/kernel/limited-places.ts',
    find: "if (kept.places <= places) return endKept(state, thing, id, 'used');",
    replace: 'if (kept.places <= places) return state;',
  },
  {
    name: 'leave a redeemed coupon with who cancels',
    file: 'write-side/parking/coupon.ts',
    find: "if (state.status !== 'issued' && state.status !== 'redeemed') return [];",
    replace: "if (state.status !== 'issued') return [];",
  },
  {
    name: 'show a view before it has reached the position that was asked for',
    file: 'read-api/kernel/reading.ts',
    find: 'known.findIndex((position) => position < minimum);',
    replace: 'known.findIndex((position) => position < minimum && position < 0n);',
  },
  {
    name: 'show what was erased',
    file: 'projections/kernel/writer.ts',
    find: 'await erase(event, lease);',
    replace: '',
    isRare: true,
  },
];
