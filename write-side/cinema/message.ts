import type { CinemaCommand, CinemaEvent } from '../../schemas/cinema.ts';
import { type Decider, type Decision, refuse, unreachable } from '../kernel/decider.ts';

type Event = Extract<CinemaEvent, { type: 'MessageSent' }>;
type Command = Extract<CinemaCommand, { type: 'CheckMessage' | 'RecordMessageSent' }>;

type State = { isSent: boolean };

const decide = (command: Command, { isSent }: State): Decision<Event> => {
  switch (command.type) {
    case 'CheckMessage':
      return isSent ? refuse('message-sent') : [];
    case 'RecordMessageSent':
      return isSent ? [] : [{ type: 'MessageSent', data: command.data }];
    default:
      return unreachable(command);
  }
};

/** A message to a customer: `message-{kind}.{showingId}.{reservationId}`. */
export const message: Decider<Command, Event, State> = {
  category: 'message',
  commands: ['CheckMessage', 'RecordMessageSent'],
  id: ({ kind, showingId, reservationId }) => `${kind}.${showingId}.${reservationId}`,
  initialState: { isSent: false },
  evolve: () => ({ isSent: true }),
  decide,
  answer: ({ data }) => data,
  snapshot: { version: 1, save: (state) => state, restore: (saved: State) => saved },
};
