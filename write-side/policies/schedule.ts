import type { AnyBulkWriteOperation, Collection, Db, Filter } from 'mongodb';
import { withDeadline } from '../../platform/machine/deadline.ts';
import { machine, pause } from '../../platform/machine/machine.ts';
import type { Consumer } from '../../platform/subscriptions/consumer.ts';
import { onlyDuplicates } from '../../platform/subscriptions/leases.ts';
import { storeNow } from '../../platform/subscriptions/store-clock.ts';
import { messageOf } from '../../platform/subscriptions/transient.ts';
import { type LogLine, troublesOf } from '../../platform/subscriptions/trouble.ts';
import { CUSTOMER_ERASED, type CustomerErased } from '../../schemas/kernel/personal.ts';
import { type Message, notDue } from '../kernel/decider.ts';
import { currentEvent, type Dispatched } from './policy-consumer.ts';
import type { Perform, ProcessManager } from './process.ts';

/** A task of a process manager. */
export type Task = {
  /** `{process}:{key}` */
  _id: string;
  process: string;
  task: string;
  data: object;
  /** The time that its plan names. Tasks of earlier versions have neither this nor `afterMs`. */
  at?: Date;
  /** The milliseconds that its plan names instead. */
  afterMs?: number;
  /** When it is attempted next: at first its planned time. */
  dueAt: Date;
  /** The number of attempts. */
  attempts: number;
  /** Unique to the claim by which a process performs it. */
  claim?: string;
  /** Why the last attempt failed. */
  reason: string | null;
  correlationId: string;
  /** The event that planned it. */
  causationId: string;
  /** The position of that event, as a text that sorts. Tasks of earlier versions have none. */
  position?: string;
};

/** The planned tasks of every process manager. */
const schedule = (db: Db): Collection<Task> => db.collection<Task>('schedule');

const isPast = (moment: string | undefined, now: number): boolean => moment !== undefined && Date.parse(moment) <= now;

const namesOneOf = (customers: ReadonlySet<string>): Filter<Task> =>
  ({ 'data.customerId': { $in: [...customers] } }) as object;

/** Returns the time for which a task is planned, by a clock that shows `now`. */
const plannedTime = ({ at, afterMs = 0 }: Pick<Task, 'at' | 'afterMs'>, now: number): Date =>
  at ?? new Date(now + afterMs);

/** Returns a position as a text of fixed length. */
const sortable = (commit: bigint): string => `${commit}`.padStart(20, '0');

/** A task that no later event planned: a process that was paused must not undo what came after its events. */
const notLaterThan = (position: string): Filter<Task> => ({
  $or: [{ position: { $exists: false } }, { position: { $lte: position } }],
});

/**
 * Returns the consumer that keeps a process manager's schedule: events plan tasks and remove them.
 * @param onPlanned called with the milliseconds until a planned task is due
 */
export const scheduleConsumer = (
  db: Db,
  manager: ProcessManager,
  onPlanned: (afterMs: number) => void = () => {},
): Consumer => {
  const { isPersonal = false } = manager;
  const types = new Set<string>(isPersonal ? [...manager.events, CUSTOMER_ERASED] : manager.events);
  return {
    name: `process:${manager.name}`,
    view: `process:${manager.name}`,
    version: 1,
    partitions: 1,
    takes: ({ type }) => types.has(type),
    onPoison: 'park',
    async handle(events, lease) {
      const now = await storeNow(db);
      // A clock that is ahead for a moment must not have a task left out for ever.
      const surely = Math.min(now, machine.now());
      const changes = new Map<string, AnyBulkWriteOperation<Task>>();
      const planned = new Map<string, object>();
      const erased = new Set<string>();
      let earliest = Number.POSITIVE_INFINITY;
      for (const event of events) {
        const { id, type, data, metadata } = event;
        const position = sortable(event.position.commit);
        if (isPersonal && type === CUSTOMER_ERASED) {
          const { customerId } = data as CustomerErased;
          erased.add(customerId);
          for (const [_id, its] of planned)
            if ((its as Partial<CustomerErased>).customerId === customerId)
              changes.set(_id, { deleteOne: { filter: { _id, ...notLaterThan(position) } } });
          continue;
        }
        for (const plan of manager.plan(currentEvent(manager.context, event))) {
          const _id = `${manager.name}:${plan.key}`;
          if (plan.task === null || isPast(plan.before, surely)) {
            changes.set(_id, { deleteOne: { filter: { _id, ...notLaterThan(position) } } });
            continue;
          }
          const planAt = 'at' in plan ? { at: new Date(plan.at) } : { afterMs: plan.afterMs };
          const dueAt = plannedTime(planAt, now);
          earliest = Math.min(earliest, dueAt.getTime());
          const replacement = {
            process: manager.name,
            task: plan.task,
            data: plan.data,
            ...planAt,
            dueAt,
            attempts: 0,
            reason: null,
            correlationId: metadata.$correlationId,
            causationId: id,
            position,
          };
          const filter = { _id, ...notLaterThan(position) };
          changes.set(_id, { replaceOne: { filter, replacement, upsert: true } });
          planned.set(_id, plan.data);
        }
      }
      if (changes.size === 0 && erased.size === 0) return;
      lease.assertHeld();
      // First: the same batch may plan tasks of a customer who returned.
      if (erased.size > 0) await schedule(db).deleteMany({ process: manager.name, ...namesOneOf(erased) });
      if (changes.size === 0) return;
      await schedule(db)
        .bulkWrite([...changes.values()], { ordered: false })
        .catch((error) => {
          if (!onlyDuplicates(error)) throw error; // Later events planned these tasks anew.
        });
      onPlanned(earliest - now);
    },
  };
};

export type ScheduleOptions = {
  db: Db;
  /** The process managers and timers whose tasks are performed. */
  managers: readonly Pick<ProcessManager, 'name' | 'perform'>[];
  /** Handles a command on behalf of a task. @throws Error when it is not known whether the command was done */
  dispatch(command: Message, task: Task): Promise<Dispatched>;
  log?: LogLine;
};

/** Milliseconds between two looks at the schedule: at most, for the plans of other processes, and at least. */
const LOOK_EVERY = 1_000;
const LOOK_LEAST = 100;
/**
 * The tasks of one process manager, and of one context's timers, that one process performs at a time. Each has its own
 * number, so the tasks of one do not wait for those of another.
 */
const TASKS_AT_ONCE = 32;
const TIMERS_AT_ONCE = 256;
/** Milliseconds for one attempt; then another process may take the task. */
const CLAIM_MS = 30_000;
const RETRY_FIRST = 500;
const RETRY_MOST = 30_000;
/** Milliseconds by which no attempt postpones a task: a later time was written by a clock that was ahead. */
const POSTPONED_MOST = 2 * Math.max(CLAIM_MS, RETRY_MOST);
const RECALL_EVERY = 10_000;
/** Milliseconds by which MongoDB's clock jumps at least; less may be a slow answer. */
const JUMP = 5_000;

/** The tasks of a process manager that this process performs. */
type Pool = {
  process: string;
  perform: Perform | undefined;
  most: number;
  running: Set<Promise<void>>;
  /** Undefined while none is due. */
  working: Promise<void> | undefined;
};

/** Performs due tasks, and shares them with other processes. */
export const startSchedule = ({ db, managers, dispatch, log = () => {} }: ScheduleOptions) => {
  const tasks = schedule(db);
  const pools = managers.map(({ name, perform }): Pool => {
    const most = perform ? TASKS_AT_ONCE : TIMERS_AT_ONCE;
    return { process: name, perform, most, running: new Set(), working: undefined };
  });
  const stopping = new AbortController();
  const troubles = troublesOf('schedule', log);
  const report = (error: unknown) => log(`schedule: ${messageOf(error)}`);
  const write = groupedWrites(tasks, report);

  /** Claims due tasks by postponing them: if this process ends, they are due again. */
  const claim = async ({ process, most, running }: Pool): Promise<Task[]> => {
    const now = await storeNow(db);
    const isDue = { dueAt: { $lte: new Date(now) } };
    const shown = { projection: { _id: 1 } };
    const due = await tasks
      .find({ process, ...isDue }, shown)
      .sort({ dueAt: 1 })
      .limit(most - running.size)
      .toArray();
    if (due.length === 0) return [];
    const ids = { _id: { $in: due.map(({ _id }) => _id) } };
    const claimed = { claim: machine.uuid() };
    const dueAt = new Date(now + CLAIM_MS);
    await tasks.updateMany({ ...ids, ...isDue }, { $set: { ...claimed, dueAt }, $inc: { attempts: 1 } });
    return tasks.find({ ...ids, ...claimed }).toArray();
  };

  /** Dispatches the command of a timer. */
  const fire = async (task: Task): Promise<void> => {
    const result = await dispatch({ type: task.task, data: task.data }, task);
    if (result.kind === 'done') return;
    if (result.reason === notDue.refused) throw new Error('by the clock of this process its time has not come');
    log(`${task._id}: ${task.task} was refused: ${result.reason}`);
  };

  const act = async (task: Task, perform: Perform | undefined): Promise<void> => {
    const before = { ...task, attempts: task.attempts - 1 };
    return perform ? perform(before, async (command) => (await dispatch(command, task)).kind) : fire(task);
  };

  const work = async (task: Task, perform: Perform | undefined): Promise<void> => {
    const { _id, claim, attempts } = task;
    const filter = { _id, claim: claim! };
    try {
      await withDeadline(act(task, perform), CLAIM_MS, () => new Error(`not done within ${CLAIM_MS / 1000} s`));
      await write({ deleteOne: { filter } });
    } catch (error) {
      const reason = messageOf(error);
      if (attempts === 1) log(`${_id}: ${task.task} is not done yet: ${reason}`);
      const dueAt = new Date((await storeNow(db)) + Math.min(RETRY_MOST, RETRY_FIRST * 2 ** (attempts - 1)));
      await write({ updateOne: { filter, update: { $set: { dueAt, reason } } } });
    }
  };

  const begin = (task: Task, { perform, running }: Pool): void => {
    const job: Promise<void> = work(task, perform)
      .catch(report)
      .finally(() => running.delete(job));
    running.add(job);
  };

  /** Performs tasks until none is due. */
  const workOff = async (pool: Pool, first: readonly Task[]): Promise<void> => {
    for (let claimed = first; claimed.length > 0; ) {
      for (const task of claimed) begin(task, pool);
      while (pool.running.size > pool.most / 2) await Promise.race(pool.running);
      claimed = stopping.signal.aborted ? [] : await claim(pool);
    }
  };

  /** Begins to perform the due tasks of a process manager. @returns whether there are any */
  const start = async (pool: Pool): Promise<boolean> => {
    if (pool.working) return true;
    const claiming = claim(pool);
    pool.working = claiming
      .then((claimed) => workOff(pool, claimed))
      .catch(report)
      .finally(() => {
        pool.working = undefined;
      });
    return claiming.then(
      ({ length }) => length > 0,
      () => false,
    );
  };

  /** MongoDB's clock less this process's monotonic clock. */
  let difference: number | undefined;
  let recallAt = 0;
  /** Moves tasks back to their times that a clock postponed while it was ahead, and logs a jump of MongoDB's clock. */
  const recall = async (): Promise<void> => {
    const now = await storeNow(db);
    const elapsed = machine.elapsed();
    const jump = now - elapsed - (difference ?? now - elapsed);
    const hasJumped = Math.abs(jump) > JUMP;
    if (!hasJumped && elapsed < recallAt) return;
    if (hasJumped)
      log(`MongoDB's clock was set ${jump < 0 ? 'back' : 'ahead'} by ${Math.abs(jump / 1_000).toFixed()} s`);
    const mayBeLate = {
      dueAt: { $gt: new Date(now + POSTPONED_MOST) },
      $or: [{ attempts: { $gt: 0 } }, { afterMs: { $gte: 0 } }],
    };
    for (const task of await tasks.find(mayBeLate, { projection: { at: 1, afterMs: 1, dueAt: 1 } }).toArray()) {
      const { _id, dueAt } = task;
      const planned = plannedTime(task, now);
      if (dueAt.getTime() > planned.getTime() + POSTPONED_MOST)
        await write({ updateOne: { filter: { _id, dueAt }, update: { $set: { dueAt: planned } } } });
    }
    difference = now - elapsed;
    recallAt = elapsed + RECALL_EVERY;
  };

  /** Starts what is due. @returns the milliseconds until the next task is due */
  const look = async (): Promise<number> => {
    await recall();
    const [next] = await tasks
      .find({}, { projection: { dueAt: 1 } })
      .sort({ dueAt: 1 })
      .limit(1)
      .toArray();
    const left = next ? next.dueAt.getTime() + 1 - (await storeNow(db)) : LOOK_EVERY;
    if (left > 0) return left;
    // The task may be that of a context that runs elsewhere.
    const found = await Promise.all(pools.map(start));
    return found.includes(true) ? 0 : LOOK_EVERY;
  };

  let nextLook = 0;
  let waiting = new AbortController();
  /** Has a task that was just planned performed on time. @param afterMs milliseconds until it is due */
  const planned = (afterMs: number): void => {
    const at = machine.elapsed() + afterMs;
    if (at >= nextLook) return;
    nextLook = at;
    waiting.abort();
  };
  const sleep = (milliseconds: number, { signal }: AbortController) => pause(milliseconds, { signal });
  const left = () => nextLook - machine.elapsed();

  const loop = async (): Promise<void> => {
    let isIndexed = false;
    while (!stopping.signal.aborted) {
      nextLook = machine.elapsed() + LOOK_EVERY;
      try {
        if (!isIndexed)
          await tasks.createIndexes([
            { key: { process: 1, dueAt: 1 } },
            { key: { dueAt: 1 } },
            { key: { attempts: 1 } },
            { key: { afterMs: 1 } },
          ]);
        isIndexed = true;
        planned(await look());
        troubles.over('schedule');
      } catch (error) {
        troubles.note('schedule', error);
      }
      await sleep(LOOK_LEAST, stopping);
      while (left() > 0 && !stopping.signal.aborted) {
        waiting = new AbortController();
        await sleep(left(), waiting);
      }
    }
  };

  const looping = pools.length > 0 ? loop() : Promise.resolve();
  return {
    planned,
    /** Stops after the current tasks. */
    async stop() {
      stopping.abort();
      waiting.abort();
      await looping;
      await Promise.all(pools.map(({ working }) => working)); // A claim may be in flight: its tasks are performed, too.
      await Promise.all(pools.flatMap(({ running }) => [...running]));
    },
  };
};

/** Groups the writes of tasks: those that come while one is in flight form the next. They never reject. */
const groupedWrites = (tasks: Collection<Task>, onError: (error: unknown) => void) => {
  let queue: AnyBulkWriteOperation<Task>[] = [];
  let writing: Promise<void> | undefined;
  const writeAll = async (): Promise<void> => {
    await new Promise<void>(machine.nextTurn);
    while (queue.length > 0) {
      const group = queue;
      queue = [];
      await tasks.bulkWrite(group, { ordered: false }).catch(onError);
    }
    writing = undefined;
  };
  return (operation: AnyBulkWriteOperation<Task>): Promise<void> => {
    queue.push(operation);
    writing ??= writeAll();
    return writing;
  };
};
