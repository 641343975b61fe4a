import {
  BACKWARDS,
  END,
  type EventStoreDBClient,
  FORWARDS,
  START as STORE_START,
  StreamDeletedError,
  StreamNotFoundError,
} from '@eventstore/db-client';
import { toStoredEvent } from './streams.ts';
import { comparePositions, type Position, type Reached, START, type StoredEvent } from './types.ts';

/** Matches the names of Plaza's streams: neither EventStoreDB's own streams nor snapshots. */
export const PLAZA_STREAMS = '^(?!\\$|snapshot-)';

const plazaStream = new RegExp(PLAZA_STREAMS);
/** Events per read. The newest event is usually one of Plaza's, so the first read takes few. */
const FIRST_PAGE = 2;
const PAGE = 64;
const MAX_PAGES = 64;

type Reader = Pick<EventStoreDBClient, 'readAll'>;

/**
 * Returns the position of the newest event in Plaza's streams. When several thousand events of other streams follow it,
 * returns the position of the oldest of those read, which is nearer to the end.
 * @throws the client's error when the store does not answer
 */
export const readTail = async (client: Reader): Promise<Position> => {
  let before: Position | null = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const found = await readPage(client, before, before ? PAGE : FIRST_PAGE);
    const newest = found.find((event) => plazaStream.test(event.stream));
    if (newest) return newest.position;
    const oldest = found.at(-1);
    if (!oldest || (before && comparePositions(oldest.position, before) >= 0)) return START;
    before = oldest.position;
  }
  return before ?? START;
};

/**
 * Returns the position of the newest record of any stream, including EventStoreDB's own. No checkpoint taken from this
 * store lies beyond it.
 * @throws the client's error when the store does not answer
 */
export const readEnd = async (client: Reader): Promise<Position> =>
  (await readPage(client, null, 1))[0]?.position ?? START;

const readPage = async (client: Reader, before: Position | null, maxCount: number): Promise<StoredEvent[]> => {
  const found: StoredEvent[] = [];
  for await (const { event } of client.readAll({ direction: BACKWARDS, maxCount, fromPosition: before ?? END }))
    if (event) found.push(toStoredEvent(event));
  return found;
};

/**
 * Reads up to `maxCount` records of Plaza's streams after a position: the remaining work of a subscriber there. `more`
 * is true when the store has further records after them.
 */
export const readAhead = async (
  client: Reader,
  after: Position,
  maxCount: number,
): Promise<{ events: StoredEvent[]; more: boolean }> => {
  const events: StoredEvent[] = [];
  let records = 0;
  const fromPosition = comparePositions(after, START) === 0 ? STORE_START : after;
  for await (const { event } of client.readAll({ direction: FORWARDS, maxCount, fromPosition })) {
    records += 1;
    if (event && plazaStream.test(event.streamId) && comparePositions(event.position, after) > 0)
      events.push(toStoredEvent(event));
  }
  return { events, more: records >= maxCount };
};

/** Positions from here on mean that the server gave none: those before 22.10 give none to a stream's events. */
const NO_POSITION = 2n ** 62n;

/**
 * Returns whether the store has an event where it was read before. Asks the leader of a cluster: another node may not
 * have it yet.
 * @throws the client's error when the store does not answer
 */
export const hasEvent = async (
  client: Pick<EventStoreDBClient, 'readStream'>,
  { id, stream, revision, position }: NonNullable<Reached['event']>,
): Promise<boolean> => {
  try {
    const options = { direction: FORWARDS, fromRevision: revision, maxCount: 1, requiresLeader: true } as const;
    for await (const { event } of client.readStream(stream, options)) {
      const { commit } = event?.position ?? { commit: NO_POSITION };
      return event?.id === id && (commit >= NO_POSITION || commit === position.commit);
    }
    return false;
  } catch (error) {
    if (error instanceof StreamNotFoundError || error instanceof StreamDeletedError) return false;
    throw error;
  }
};
