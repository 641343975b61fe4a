import { schema as cinema } from '../../schemas/cinema.ts';
import { ImmutableSet } from '../kernel/collections.ts';
import { decider, refuse } from '../kernel/decider.ts';

/** The holds whose message was sent; an empty text for one from before the field `hold`. */
type State = { sent: ImmutableSet<string> };

const initialState: State = { sent: ImmutableSet() };

const isSent = ({ sent }: State, { hold = '' }: { hold?: string }): boolean => sent.has(hold);

/** The messages of one kind for a reservation id, one for each hold. */
export const message = decider(cinema, {
  stream: 'message-{kind}.{showingId}.{reservationId}',
  initialState,

  evolve: {
    MessageSent: ({ sent }, { hold = '' }) => ({ sent: sent.add(hold) }),
  },

  commands: {
    CheckMessage: {
      decide: (data, messages) => (isSent(messages, data) ? refuse('message-sent') : []),
    },

    RecordMessageSent: {
      decide: (data, messages) => (isSent(messages, data) ? [] : [{ type: 'MessageSent', data }]),
    },
  },

  snapshotVersion: 3,
});
