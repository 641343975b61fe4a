import { CANCELLATIONS_PER_COMMAND, type CinemaCommand, type CinemaEvent } from '../../schemas/cinema.ts';
import { ImmutableSet } from '../kernel/collections.ts';
import { type Decider, type Decision, refuse, unreachable } from '../kernel/decider.ts';

type Event = Extract<
  CinemaEvent,
  { type: 'MovieRegistered' | 'MovieEdited' | 'MovieDeleted' | 'ShowingScheduled' | 'ShowingWithdrawn' }
>;
type Command = Extract<
  CinemaCommand,
  {
    type:
      | 'RegisterMovie'
      | 'EditMovie'
      | 'DeleteMovie'
      | 'WithdrawRemainingShowings'
      | 'WithdrawShowing'
      | 'ScheduleShowing';
  }
>;

type State = {
  status: 'unregistered' | 'on' | 'deleted';
  title: string;
  /** The ids of those scheduled and not withdrawn. */
  showings: ImmutableSet<string>;
};

const initialState: State = { status: 'unregistered', title: '', showings: ImmutableSet() };

const evolve = (state: State, event: Event): State => {
  switch (event.type) {
    case 'MovieRegistered':
    case 'MovieEdited':
      return { ...state, status: 'on', title: event.data.title };
    case 'MovieDeleted':
      return { ...state, status: 'deleted' };
    case 'ShowingScheduled':
      return { ...state, showings: state.showings.add(event.data.showingId) };
    case 'ShowingWithdrawn':
      return { ...state, showings: state.showings.delete(event.data.showingId) };
    default:
      return unreachable(event);
  }
};

const withdrawals = (movieId: string, { showings }: State): Event[] =>
  showings
    .toSeq()
    .take(CANCELLATIONS_PER_COMMAND)
    .map((showingId): Event => ({ type: 'ShowingWithdrawn', data: { movieId, showingId } }))
    .toArray();

const decide = (command: Command, state: State): Decision<Event> => {
  if (command.type === 'RegisterMovie')
    return state.status === 'unregistered'
      ? [{ type: 'MovieRegistered', data: command.data }]
      : refuse('movie-already-registered');
  if (state.status === 'unregistered') return refuse('movie-not-found');
  if (command.type === 'WithdrawRemainingShowings')
    return state.status === 'deleted' ? withdrawals(command.data.movieId, state) : [];
  if (command.type === 'WithdrawShowing')
    return state.showings.has(command.data.showingId) ? [{ type: 'ShowingWithdrawn', data: command.data }] : [];
  if (state.status === 'deleted') return refuse('movie-deleted');

  switch (command.type) {
    case 'EditMovie':
      return [{ type: 'MovieEdited', data: command.data }];

    case 'DeleteMovie': {
      const { movieId } = command.data;
      const withdrawn = withdrawals(movieId, state);
      const remaining = state.showings.size - withdrawn.length;
      return [{ type: 'MovieDeleted', data: { movieId, remaining } }, ...withdrawn];
    }

    case 'ScheduleShowing':
      return state.showings.has(command.data.showingId)
        ? refuse('showing-already-exists')
        : [{ type: 'ShowingScheduled', data: { ...command.data, title: state.title } }];

    default:
      return unreachable(command);
  }
};

const answer = (command: Command, [event]: readonly Event[]): object => {
  switch (command.type) {
    case 'RegisterMovie':
    case 'EditMovie':
      return { ...command.data, status: 'on' };
    case 'DeleteMovie':
    case 'WithdrawRemainingShowings':
      return { movieId: command.data.movieId, status: 'deleted' };
    case 'WithdrawShowing':
      return command.data;
    case 'ScheduleShowing':
      return { ...event?.data, status: 'open' };
    default:
      return unreachable(command);
  }
};

type Saved = Omit<State, 'showings'> & { showings: string[] };

/** A movie and what it is shown in: `movie-{movieId}`. */
export const movie: Decider<Command, Event, State> = {
  category: 'movie',
  commands: [
    'RegisterMovie',
    'EditMovie',
    'DeleteMovie',
    'WithdrawRemainingShowings',
    'WithdrawShowing',
    'ScheduleShowing',
  ],
  id: ({ movieId }) => movieId,
  initialState,
  evolve,
  decide,
  answer,
  size: ({ showings }) => 1 + showings.size,
  snapshot: {
    version: 1,
    save: (state): Saved => ({ ...state, showings: state.showings.toArray() }),
    restore: (saved: Saved): State => ({ ...saved, showings: ImmutableSet(saved.showings) }),
  },
};
