/**
 * The newest events, shared by all live subscribers; each has only a place in them. A subscriber whose reader falls
 * behind this window is dropped; nothing is buffered for it.
 */
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { StoredEvent } from './stored-events.ts';

/** `encoded` is the event as an answer, set when first needed. */
export type LiveEvent = { event: StoredEvent; encoded?: Buffer };

const WINDOW_EVENTS = 2_048;
const WINDOW_BYTES = 16 * 1024 * 1024;

type Follower = { next: number; waiting: boolean; advance: () => void; stop: (outcome: Outcome) => void };
type Outcome = 'gone' | 'overrun' | 'too-slow';

export const createLiveEvents = () => {
  const window = new Map<number, LiveEvent>();
  let oldest = 0;
  let end = 0;
  let bytes = 0;
  const followers = new Set<Follower>();

  /** Publishes the events of one commit, in order. */
  const publish = (events: readonly StoredEvent[]): void => {
    if (followers.size === 0) {
      window.clear();
      end += events.length;
      oldest = end;
      bytes = 0;
      return;
    }
    for (const event of events) {
      window.set(end++, { event });
      bytes += sizeOf(event);
      while (end - oldest > WINDOW_EVENTS || bytes > WINDOW_BYTES) {
        bytes -= sizeOf(window.get(oldest)!.event);
        window.delete(oldest++);
      }
    }
    for (const follower of [...followers]) {
      if (follower.next < oldest) follower.stop(follower.waiting ? 'too-slow' : 'overrun');
      else if (!follower.waiting) follower.advance();
    }
  };

  /**
   * Calls `take` with every event from now on and awaits its promise, if any. Resolves when the call has ended, when
   * the reader was too slow, or when one commit was larger than the window (`overrun`: continue from the log). Rejects
   * with the errors of `take`.
   */
  const follow = (
    call: Pick<ServerWritableStream<unknown, unknown>, 'once' | 'off'>,
    take: (item: LiveEvent) => Promise<void> | undefined,
  ): Promise<Outcome> => {
    return new Promise((resolve, reject) => {
      const gone = () => stop('gone');
      const stop = (outcome: Outcome) => {
        followers.delete(follower);
        call.off('cancelled', gone);
        call.off('close', gone);
        resolve(outcome);
      };
      const advance = () => {
        try {
          while (follower.next < end) {
            const room = take(window.get(follower.next)!);
            follower.next++;
            if (!room) continue;
            follower.waiting = true;
            room.then(() => {
              follower.waiting = false;
              if (followers.has(follower)) advance();
            });
            return;
          }
        } catch (error) {
          stop('gone');
          reject(error);
        }
      };
      const follower: Follower = { next: end, waiting: false, advance, stop };
      call.once('cancelled', gone);
      call.once('close', gone);
      followers.add(follower);
    });
  };

  return { publish, follow };
};

export type LiveEvents = ReturnType<typeof createLiveEvents>;

const sizeOf = (event: StoredEvent): number => event.data.length + event.metadata.length;
