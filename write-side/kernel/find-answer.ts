import type { StoredEvent } from '../../platform/event-store/types.ts';
import type { Message } from './decider.ts';
import type { Outcome, Request } from './request.ts';
import type { StreamStatesOptions } from './stream-state.ts';

/** Events read at a time. */
const PAGE = 16;

/**
 * Looks up the answer to a command whose events seem to be in the stream already.
 * @param at the revision of the first of them
 * @returns undefined when they are not the command's
 */
export const findAnswer = async (
  { stream, store, upcast }: Pick<StreamStatesOptions, 'stream' | 'store' | 'upcast'>,
  { metadata }: Request,
  at: bigint,
): Promise<Outcome | undefined> => {
  const events: Message[] = [];
  let last: StoredEvent | undefined;
  for (let from = at, own = PAGE; own === PAGE; from += BigInt(PAGE)) {
    own = 0;
    const page: StoredEvent[] = [];
    for await (const event of store.read(stream, from, PAGE)) page.push(event);
    for (const event of page) {
      if (event.metadata.commandId !== metadata.commandId) break;
      if (event.metadata.fingerprint !== metadata.fingerprint) return { kind: 'key-reused' };
      own += 1;
      events.push(upcast(event));
      last = event;
    }
  }
  return last && { kind: 'done', events, revision: last.revision, position: last.position, isReplayed: true };
};
