/**
 * The newest events, shared by all live subscribers: each has only a place in them. A subscriber that waits for its reader while
 * this window moves past its place is too slow and is dropped; it is never buffered for.
 */
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { StoredEvent } from './stored-events.ts';

/** `encoded` is the event as an answer, once somebody has needed it. */
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

  /** Takes the events of one commit, in order, and passes them on. */
  function publish(events: readonly StoredEvent[]): void {
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
  }

  /**
   * Calls `take` with every event from now on; when it returns a promise, waits for that first. Resolves when the call is gone, when
   * the reader was too slow, or when one commit was larger than the window (`overrun`: read on from the log). Rejects with what
   * `take` throws.
   */
  function follow(
    call: Pick<ServerWritableStream<unknown, unknown>, 'once' | 'off'>,
    take: (item: LiveEvent) => Promise<void> | undefined,
  ): Promise<Outcome> {
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
  }

  return { publish, follow };
};

export type LiveEvents = ReturnType<typeof createLiveEvents>;

const sizeOf = (event: StoredEvent): number => {
  return event.data.length + event.metadata.length;
};
