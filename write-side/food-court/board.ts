import { Set as ImmutableSet, OrderedMap } from 'immutable';
import type { FoodCourtCommand, FoodCourtEvent } from '../../schemas/food-court.ts';
import { type Decider, type Decision, unreachable } from '../kernel/decider.ts';

type Event = Extract<FoodCourtEvent, { type: 'AlarmRaised' | 'AlarmCleared' }>;
type Command = Extract<FoodCourtCommand, { type: 'RaiseAlarm' | 'ClearAlarm' }>;

type State = {
  /** The ids of the orders on the board. A shop has only so many cooked orders. */
  raised: ImmutableSet<string>;
  /** The ids of the orders cleared last, oldest first: their alarms are not raised again. */
  cleared: OrderedMap<string, true>;
};

const REMEMBERED_CLEARED = 2_000;

const evolve = ({ raised, cleared }: State, event: Event): State => {
  const { orderId } = event.data;
  switch (event.type) {
    case 'AlarmRaised':
      return { raised: raised.add(orderId), cleared };
    case 'AlarmCleared': {
      const longer = cleared.set(orderId, true);
      const kept = longer.size > REMEMBERED_CLEARED ? longer.delete(longer.keySeq().first() as string) : longer;
      return { raised: raised.delete(orderId), cleared: kept };
    }
    default:
      return unreachable(event);
  }
};

const decide = (command: Command, { raised, cleared }: State): Decision<Event> => {
  const { orderId } = command.data;
  switch (command.type) {
    case 'RaiseAlarm':
      return raised.has(orderId) || cleared.has(orderId) ? [] : [{ type: 'AlarmRaised', data: command.data }];
    case 'ClearAlarm':
      return raised.has(orderId) ? [{ type: 'AlarmCleared', data: command.data }] : [];
    default:
      return unreachable(command);
  }
};

type Saved = { raised: string[]; cleared: string[] };

/** A shop's part of the notification board: `board-{shopId}`. */
export const board: Decider<Command, Event, State> = {
  category: 'board',
  commands: ['RaiseAlarm', 'ClearAlarm'],
  id: ({ shopId }) => shopId,
  initialState: { raised: ImmutableSet(), cleared: OrderedMap() },
  evolve,
  decide,
  answer: (command) => command.data,
  size: ({ raised, cleared }) => raised.size + cleared.size,
  snapshot: {
    version: 1,
    save: ({ raised, cleared }): Saved => ({ raised: [...raised], cleared: [...cleared.keys()] }),
    restore: ({ raised, cleared }: Saved): State => ({
      raised: ImmutableSet(raised),
      cleared: OrderedMap(cleared.map((id) => [id, true])),
    }),
  },
};
