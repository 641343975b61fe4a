import type { StoredEvent } from '../../../platform/event-store/types.ts';
import type { Command } from '../workload/clients.ts';
import { checkLinearizable, type Operation } from './linearizable.ts';
import { hasPlaces, usageOf } from './places.ts';

/** The places of a lot, a slot or a showing as clients see them. Without a capacity it does not exist. */
type Places = { capacity: number | undefined; inUse: number; waiting: number };
const NONE: Places = { capacity: undefined, inUse: 0, waiting: 0 };

const STREAMS: Readonly<Record<string, string>> = {
  'parking/lots': 'parkingLot',
  'screening/slots': 'screeningSlot',
  'cinema/showings': 'showing',
};
const FULL = new Set(['/problems/lot-full', '/problems/slot-full', '/problems/showing-full']);
const MISSING = new Set(['/problems/lot-not-found', '/problems/slot-not-found', '/problems/showing-not-found']);

const streamOf = (path: string): string | undefined => {
  const [, context, resources, id] = path.split('/');
  const category = STREAMS[`${context}/${resources}`];
  return category && id ? `${category}-${id}` : undefined;
};

/** Returns what a refusal says about the places: undefined when it says nothing. */
const refusalOf = ({ request, answers }: Command): ((places: Places) => boolean) | undefined => {
  const type = String((JSON.parse(answers.at(-1)!.answer.body) as { type?: unknown }).type);
  if (request.path.endsWith('/reschedule')) return undefined;
  if (MISSING.has(type)) return ({ capacity }) => capacity === undefined;
  const { holdId, entryId, places, seats } = (request.body ?? {}) as Record<string, unknown>;
  if (!FULL.has(type) || holdId !== undefined || entryId !== undefined || seats !== undefined) return undefined;
  if (/\/waiting-list$/.test(request.path)) return undefined;
  const wanted = typeof places === 'number' ? places : 1;
  // While somebody waits, a place whose offer has expired is theirs before an event says so.
  return ({ capacity = 0, inUse, waiting }) => waiting > 0 || inUse + wanted > capacity;
};

/**
 * Checks that the history of each resource with limited places is linearizable: the answers that clients got and the
 * events of policies and timers have an order in which every place that was taken was free and every refusal was right.
 * @param storedAt returns the time at which an event was stored
 */
export const checkHistories = (
  events: readonly StoredEvent[],
  commands: readonly Command[],
  storedAt: (event: StoredEvent) => number,
): string[] => {
  const found: string[] = [];
  const byKey = new Map(commands.map((command) => [`key:${command.key}`, command]));
  const refused = Map.groupBy(
    commands.filter(({ answers }) => (answers.at(-1)?.answer.status ?? 0) >= 400),
    ({ request }) => streamOf(request.path),
  );
  const streams = Map.groupBy(events, ({ stream }) => stream);
  for (const [stream, own] of streams) {
    if (!hasPlaces(stream)) continue;
    const operations: Operation<Places>[] = [];
    const usage = usageOf(own, []);
    const groups = Map.groupBy(usage, ({ event }) => event.metadata.commandId);
    for (const [commandId, group] of groups) {
      const first = usage.indexOf(group[0]!);
      const before: Places = usage[first - 1] ?? NONE;
      const after = group.at(-1)!;
      const command = byKey.get(commandId);
      const stored = storedAt(after.event);
      const told = command?.answers.find(({ answer }) => answer.status < 500)?.at ?? stored;
      const added = after.inUse - before.inUse;
      const joined = after.waiting - before.waiting;
      const resized = after.capacity !== before.capacity;
      operations.push({
        name: `${commandId} at ${after.event.revision}`,
        from: command?.calledAt ?? stored,
        to: Math.max(told, stored),
        apply(places) {
          const capacity = resized ? after.capacity : places.capacity;
          const inUse = places.inUse + added;
          const isPossible = (added <= 0 && !resized) || (capacity !== undefined && inUse <= capacity);
          return isPossible ? { capacity, inUse, waiting: places.waiting + joined } : undefined;
        },
      });
    }
    for (const command of refused.get(stream) ?? []) {
      if (groups.has(`key:${command.key}`)) continue;
      const isTrue = refusalOf(command);
      if (!isTrue) continue;
      operations.push({
        name: `${command.key} refused`,
        from: command.calledAt,
        to: command.answers.at(-1)!.at,
        apply: (places) => (isTrue(places) ? places : undefined),
      });
    }
    const keyOf = ({ capacity, inUse, waiting }: Places) => `${capacity} ${inUse} ${waiting}`;
    const at = checkLinearizable(operations, NONE, keyOf);
    if (at !== undefined) found.push(`${stream} is not linearizable at ${at}`);
  }
  return found;
};
