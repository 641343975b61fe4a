import type { ContextSchema } from '../../schemas/kernel/context.ts';
import type { PlaceNames } from '../../schemas/kernel/limited-places.ts';
import type { Policy } from './policy.ts';
import { type ProcessManager, type TimerPlan, timer } from './process.ts';

type PlaceEvent = { type: string; data: Readonly<Record<string, unknown>> };

/**
 * Returns the timers that end holds and offers at their time. A hold or offer that a reservation used keeps its timer,
 * whose command then does nothing: an event does not contain the number of places that are left.
 */
export const placeTimers = (context: ContextSchema, { prefix, key, names }: PlaceNames): ProcessManager => {
  const plan = ({ data }: PlaceEvent): TimerPlan[] => {
    const named = data.holdId === undefined ? { entryId: data.entryId } : { holdId: data.holdId };
    const timer = `${data[key]} ${data.holdId === undefined ? 'entry' : 'hold'} ${data.holdId ?? data.entryId}`;
    if (data.expiresAt === undefined) return [{ key: timer, at: null }];
    const command = { type: names.Settle, data: { [key]: data[key], ...named } };
    return [{ key: timer, at: String(data.expiresAt), command }];
  };
  const kinds = ['Held', 'HoldExpired', 'HoldReleased', 'Offered', 'OfferExpired', 'OfferDeclined'];
  return timer<ContextSchema, string>({
    name: `${context.name}.places`,
    context,
    events: kinds.map((kind) => `${prefix}${kind}`),
    plan: plan as never,
  });
};

/** Returns the policy that makes the offers which did not fit into an append. */
export const placeOffers = (context: ContextSchema, { prefix, key, names }: PlaceNames): Policy => ({
  name: `${context.name}.offers`,
  context,
  events: [`${prefix}Offered`],
  key: ({ data }) => String((data as PlaceEvent['data'])[key]),
  react: ({ data }) => {
    const { [key]: id, more } = data as PlaceEvent['data'];
    return more ? [{ type: names.Settle, data: { [key]: id } }] : [];
  },
});
