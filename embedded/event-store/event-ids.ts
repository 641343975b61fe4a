import { type StoredEvent, TOMBSTONE_REVISION } from './stored-events.ts';

const REMEMBERED_IDS = 50_000;

type RememberedId = { streamName: string; revision: number };

/** The ids of the latest events: at least {@link REMEMBERED_IDS}, at most twice as many. */
export const createEventIds = () => {
  let recent = new Map<string, RememberedId>();
  let older = new Map<string, RememberedId>();

  const clear = (): void => {
    recent = new Map();
    older = new Map();
  };

  const find = (id: string): RememberedId | undefined => recent.get(id) ?? older.get(id);

  /**
   * Only the first event with an id counts, as in EventStoreDB; a later one, in this stream or another, is not
   * remembered.
   */
  const remember = (event: StoredEvent): void => {
    if (event.revision === TOMBSTONE_REVISION || find(event.id)) return;
    if (recent.size >= REMEMBERED_IDS) {
      older = recent;
      recent = new Map();
    }
    recent.set(event.id, { streamName: event.streamName, revision: event.revision });
  };

  return { clear, find, remember };
};
