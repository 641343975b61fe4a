import { setTimeout as pause } from 'node:timers/promises';
import type { AnyBulkWriteOperation, Collection, Db } from 'mongodb';
import type { Consumer } from '../../platform/subscriptions/consumer.ts';
import { storeNow } from '../../platform/subscriptions/store-clock.ts';
import { messageOf } from '../../platform/subscriptions/transient.ts';
import { upcast } from '../../schemas/kernel/upcast.ts';
import type { ProcessManager } from './process.ts';

/** A task of a process manager. */
export type Task = {
  /** `{process}:{key}` */
  _id: string;
  process: string;
  task: string;
  data: object;
  dueAt: Date;
  /** The number of attempts. */
  attempts: number;
  /** Why the last attempt failed. */
  reason: string | null;
  correlationId: string;
  /** The event that planned it. */
  causationId: string;
};

/** The planned tasks of every process manager. */
const schedule = (db: Db): Collection<Task> => db.collection<Task>('schedule');

/** Returns the consumer that keeps a process manager's schedule: events plan tasks and remove them. */
export const scheduleConsumer = (db: Db, manager: ProcessManager): Consumer => {
  const types = new Set<string>(manager.events);
  return {
    name: `process:${manager.name}`,
    view: `process:${manager.name}`,
    version: 1,
    partitions: 1,
    takes: ({ type }) => types.has(type),
    onPoison: 'park',
    async handle(events, lease) {
      const now = await storeNow(db);
      const changes = new Map<string, AnyBulkWriteOperation<Task>>();
      for (const { id, type, data, metadata } of events) {
        const known = upcast(manager.context.events, type, metadata.schemaVersion, data) as object;
        for (const plan of manager.plan({ type, data: known })) {
          const _id = `${manager.name}:${plan.key}`;
          changes.delete(_id);
          changes.set(
            _id,
            plan.task === null
              ? { deleteOne: { filter: { _id } } }
              : {
                  replaceOne: {
                    filter: { _id },
                    replacement: {
                      process: manager.name,
                      task: plan.task,
                      data: plan.data,
                      dueAt: new Date(now + plan.afterMs),
                      attempts: 0,
                      reason: null,
                      correlationId: metadata.$correlationId,
                      causationId: id,
                    },
                    upsert: true,
                  },
                },
          );
        }
      }
      if (changes.size === 0) return;
      lease.assertHeld();
      await schedule(db).bulkWrite([...changes.values()], { ordered: false });
    },
  };
};

type Command = { type: string; data: object };

/**
 * Performs a task. It may be called twice for one task, and must then have one effect.
 * @param dispatch handles a command; rejects when it is not known whether the command was done
 * @throws Error to be called again later
 */
export type Perform = (
  task: Pick<Task, 'task' | 'data' | 'attempts'>,
  dispatch: (command: Command) => Promise<'done' | 'refused'>,
) => Promise<void>;

export type ScheduleOptions = {
  db: Db;
  /** The functions that perform the tasks, by the name of the process manager. */
  perform: Readonly<Record<string, Perform>>;
  /** Handles a command on behalf of a task. @throws Error when it is not known whether the command was done */
  dispatch(command: Command, task: Task): Promise<'done' | 'refused'>;
  log?: (line: string) => void;
};

const LOOK_EVERY = 100;
const AT_ONCE = 32;
/** Milliseconds for one attempt; then another process may take the task. */
const CLAIM_MS = 30_000;
const RETRY_FIRST = 500;
const RETRY_MOST = 30_000;

/** Performs due tasks, and shares them with other processes. @returns a function that stops after the current tasks */
export const startSchedule = ({ db, perform, dispatch, log = () => {} }: ScheduleOptions): (() => Promise<void>) => {
  const tasks = schedule(db);
  const processes = Object.keys(perform);
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();

  /** Claims a task by postponing it: if this process ends, the task is due again. */
  const claim = async (task: Task): Promise<Date | null> => {
    const until = new Date((await storeNow(db)) + CLAIM_MS);
    const { _id, dueAt } = task;
    const { matchedCount } = await tasks.updateOne({ _id, dueAt }, { $set: { dueAt: until }, $inc: { attempts: 1 } });
    return matchedCount === 1 ? until : null;
  };

  const work = async (task: Task): Promise<void> => {
    const { _id, attempts } = task;
    const dueAt = await claim(task);
    if (!dueAt) return;
    try {
      await perform[task.process]!(task, (command) => dispatch(command, task));
      await tasks.deleteOne({ _id, dueAt });
    } catch (error) {
      const reason = messageOf(error);
      if (attempts === 0) log(`${_id}: ${task.task} is not done yet: ${reason}`);
      const next = new Date((await storeNow(db)) + Math.min(RETRY_MOST, RETRY_FIRST * 2 ** attempts));
      await tasks.updateOne({ _id, dueAt }, { $set: { dueAt: next, reason } });
    }
  };

  const look = async (): Promise<void> => {
    const room = AT_ONCE - running.size;
    if (room <= 0) return;
    const due = await tasks
      .find({ process: { $in: processes }, dueAt: { $lte: new Date(await storeNow(db)) } })
      .sort({ dueAt: 1 })
      .limit(room)
      .toArray();
    for (const task of due) {
      const job: Promise<void> = work(task)
        .catch((error) => log(`schedule: ${messageOf(error)}`))
        .finally(() => running.delete(job));
      running.add(job);
    }
  };

  const loop = async (): Promise<void> => {
    let isIndexed = false;
    while (!stopping.signal.aborted) {
      try {
        if (!isIndexed) await tasks.createIndex({ process: 1, dueAt: 1 });
        isIndexed = true;
        await look();
      } catch (error) {
        log(`schedule: ${messageOf(error)}`);
      }
      await pause(LOOK_EVERY, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };

  const looping = processes.length > 0 ? loop() : Promise.resolve();
  return async () => {
    stopping.abort();
    await looping;
    await Promise.all(running);
  };
};
