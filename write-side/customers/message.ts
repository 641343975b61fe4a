import { schema as customers } from '../../schemas/customers.ts';
import { ImmutableSet } from '../kernel/collections.ts';
import { decider, notDue, refuse } from '../kernel/decider.ts';

/** The ended deliveries, each a message and a channel, and the reminders whose time has come. */
type State = { ended: ImmutableSet<string>; reminded: ImmutableSet<string> };

const initialState: State = { ended: ImmutableSet(), reminded: ImmutableSet() };

type Delivery = { messageId: string; channel: string };

const nameOf = ({ messageId, channel }: Delivery): string => `${channel} ${messageId}`;

const end = (state: State, delivery: Delivery): State => ({ ...state, ended: state.ended.add(nameOf(delivery)) });

const hasEnded = ({ ended }: State, delivery: Delivery): boolean => ended.has(nameOf(delivery));

/** The messages of one kind about one resource. */
export const message = decider(customers, {
  stream: 'message-{thread}',
  initialState,

  evolve: {
    MessageSent: end,
    MessageFailed: end,
    CustomerReminded: (state, { messageId }) => ({ ...state, reminded: state.reminded.add(messageId) }),
  },

  commands: {
    CheckMessage: {
      decide: (delivery, state) => (hasEnded(state, delivery) ? refuse('message-ended') : []),
    },

    RecordMessageSent: {
      decide: (data, state) => (hasEnded(state, data) ? [] : [{ type: 'MessageSent', data }]),
    },

    RecordMessageFailed: {
      decide: (data, state) => (hasEnded(state, data) ? [] : [{ type: 'MessageFailed', data }]),
    },

    RemindCustomer: {
      decide: ({ at, until, ...reminder }, { reminded }, { now }) => {
        if (now < at) return notDue;
        if (now >= until || reminded.has(reminder.messageId)) return [];
        return [{ type: 'CustomerReminded', data: reminder }];
      },
    },
  },

  snapshotVersion: 4,
});
