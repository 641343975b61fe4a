import { type FoodCourtEvent, schema as foodCourt } from '../../schemas/food-court.ts';
import { ImmutableMap } from '../kernel/collections.ts';
import { decider } from '../kernel/decider.ts';
import {
  byRevision,
  type HandledEvents,
  handle,
  isLater,
  nothingHandled,
  wasHandled,
} from '../kernel/handled-events.ts';

type Alarm = Extract<FoodCourtEvent, { type: 'AlarmRaised' }>['data'];

type State = {
  /**
   * The orders on the board, with the revision that each alarm follows; null of alarms of event version 1. A shop has a
   * bounded number of cooked orders.
   */
  raised: ImmutableMap<string, string | null>;
  /** The completions of orders that were called. */
  handled: HandledEvents;
};

const initialState: State = { raised: ImmutableMap(), handled: nothingHandled };

/** A shop's part of the notification board. */
export const board = decider(foodCourt, {
  stream: 'board-{shopId}',
  initialState,

  evolve: {
    AlarmRaised: ({ raised, handled }, alarm) => ({
      raised: raised.set(alarm.orderId, alarm.shopRevision ?? null),
      handled: handle(handled, completionOf(alarm)),
    }),
    AlarmCleared: ({ raised, handled }, { orderId }) => ({ raised: raised.delete(orderId), handled }),
  },

  commands: {
    RaiseAlarm: {
      decide: (data, { handled }) => {
        const isDone = wasHandled(handled, [completionOf(data)]) || handled.latest.has(data.orderId);
        return isDone ? [] : [{ type: 'AlarmRaised', data }];
      },
    },

    ClearAlarm: {
      decide: (data, { raised }) => {
        const revision = raised.get(data.orderId);
        const isOfThisAlarm = revision !== undefined && (isLater(data.shopRevision, revision ?? undefined) ?? true);
        return isOfThisAlarm ? [{ type: 'AlarmCleared', data }] : [];
      },
    },
  },

  snapshotVersion: 3,
});

/** Names the completion that an alarm follows: alarms of event version 1 are known by their order. */
const completionOf = ({ shopId, orderId, shopRevision }: Alarm) =>
  shopRevision === undefined
    ? { name: orderId, source: 'version 1', order: '0' }
    : byRevision(`shop-${shopId}`, shopRevision);
