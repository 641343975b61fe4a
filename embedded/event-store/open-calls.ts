/** The calls that do not end by themselves: subscriptions, long reads, batch appends. Stopping ends them with a reason. */
import type { ServerDuplexStream, ServerWritableStream, StatusObject } from '@grpc/grpc-js';

type LongCall = ServerWritableStream<never, never> | ServerDuplexStream<never, never>;

export function createOpenCalls() {
  const open = new Set<LongCall>();
  return {
    add(call: unknown): void {
      const added = call as LongCall;
      open.add(added);
      added.once('close', () => open.delete(added));
      added.once('cancelled', () => open.delete(added));
    },
    /** What the clients see is what a killed server shows them, so they need one way to handle both. */
    endAll(reason: Partial<StatusObject>): void {
      for (const call of open) {
        if (!call.cancelled && !call.destroyed && !call.writableEnded) call.emit('error', reason);
      }
      open.clear();
    },
  };
}

export type OpenCalls = ReturnType<typeof createOpenCalls>;
