import type { CinemaCommand, CinemaEvent } from '../../schemas/cinema.ts';
import { ImmutableSet } from '../kernel/collections.ts';
import { type Decider, type Decision, refuse, unreachable } from '../kernel/decider.ts';

type Event = Extract<CinemaEvent, { type: 'MessageSent' }>;
type Command = Extract<CinemaCommand, { type: 'CheckMessage' | 'RecordMessageSent' }>;

/** The holds whose message was sent; an empty text for one from before the field `hold`. */
type State = ImmutableSet<string>;

const holdOf = ({ hold = '' }: { hold?: string }): string => hold;

const decide = (command: Command, sent: State): Decision<Event> => {
  const isSent = sent.has(holdOf(command.data));
  switch (command.type) {
    case 'CheckMessage':
      return isSent ? refuse('message-sent') : [];
    case 'RecordMessageSent':
      return isSent ? [] : [{ type: 'MessageSent', data: command.data }];
    default:
      return unreachable(command);
  }
};

/** The messages of one kind for a reservation id, one for each hold: `message-{kind}.{showingId}.{reservationId}`. */
export const message: Decider<Command, Event, State> = {
  category: 'message',
  commands: ['CheckMessage', 'RecordMessageSent'],
  id: ({ kind, showingId, reservationId }) => `${kind}.${showingId}.${reservationId}`,
  initialState: ImmutableSet(),
  evolve: (sent, { data }) => sent.add(holdOf(data)),
  decide,
  answer: ({ data }) => data,
  size: (sent) => 1 + sent.size,
  snapshot: { version: 2, save: (sent) => [...sent], restore: (saved: string[]): State => ImmutableSet(saved) },
};
