import type { FoodCourtCommand, FoodCourtEvent } from '../../schemas/food-court.ts';
import { ImmutableMap } from '../kernel/collections.ts';
import { type Decider, type Decision, unreachable } from '../kernel/decider.ts';
import {
  byRevision,
  type HandledEvent,
  type HandledEvents,
  handle,
  isLater,
  nothingHandled,
  restoreHandled,
  type SavedHandledEvents,
  saveHandled,
  wasHandled,
} from '../kernel/handled-events.ts';

type Event = Extract<FoodCourtEvent, { type: 'AlarmRaised' | 'AlarmCleared' }>;
type Command = Extract<FoodCourtCommand, { type: 'RaiseAlarm' | 'ClearAlarm' }>;

type State = {
  /**
   * The orders on the board, with the revision that each alarm follows; undefined of alarms of event version 1. A shop
   * has a bounded number of cooked orders.
   */
  raised: ImmutableMap<string, string | undefined>;
  /** The completions of orders that were called. */
  handled: HandledEvents;
};

/** Names the completion that an alarm follows: alarms of event version 1 are known by their order. */
const completionOf = ({ shopId, orderId, shopRevision }: Event['data']): HandledEvent =>
  shopRevision === undefined
    ? { name: orderId, source: 'version 1', order: '0' }
    : byRevision(`shop-${shopId}`, shopRevision);

const evolve = ({ raised, handled }: State, event: Event): State => {
  const { orderId, shopRevision } = event.data;
  switch (event.type) {
    case 'AlarmRaised':
      return { raised: raised.set(orderId, shopRevision), handled: handle(handled, completionOf(event.data)) };
    case 'AlarmCleared':
      return { raised: raised.delete(orderId), handled };
    default:
      return unreachable(event);
  }
};

const decide = (command: Command, { raised, handled }: State): Decision<Event> => {
  const { data } = command;
  switch (command.type) {
    case 'RaiseAlarm': {
      const isDone = wasHandled(handled, [completionOf(data)]) || handled.latest.has(data.orderId);
      return isDone ? [] : [{ type: 'AlarmRaised', data }];
    }
    case 'ClearAlarm': {
      const isOfThisAlarm = raised.has(data.orderId) && (isLater(data.shopRevision, raised.get(data.orderId)) ?? true);
      return isOfThisAlarm ? [{ type: 'AlarmCleared', data }] : [];
    }
    default:
      return unreachable(command);
  }
};

type Saved = { raised: [orderId: string, shopRevision: string | null][]; handled: SavedHandledEvents };

/** A shop's part of the notification board: `board-{shopId}`. */
export const board: Decider<Command, Event, State> = {
  category: 'board',
  commands: ['RaiseAlarm', 'ClearAlarm'],
  id: ({ shopId }) => shopId,
  initialState: { raised: ImmutableMap(), handled: nothingHandled },
  evolve,
  decide,
  answer: (command) => command.data,
  size: ({ raised, handled }) => raised.size + handled.latest.size,
  snapshot: {
    version: 2,
    save: ({ raised, handled }): Saved => ({
      raised: [...raised].map(([orderId, revision]) => [orderId, revision ?? null]),
      handled: saveHandled(handled),
    }),
    restore: ({ raised, handled }: Saved): State => ({
      raised: ImmutableMap(raised.map(([orderId, revision]) => [orderId, revision ?? undefined])),
      handled: restoreHandled(handled),
    }),
  },
};
