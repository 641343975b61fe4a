/**
 * The calls that do not end by themselves: subscriptions, long reads, batch appends. Stopping the server ends them with
 * a reason.
 */
import type { StatusObject } from '@grpc/grpc-js';
import { createOutbox, type LongCall, type Outbox } from './outbox.ts';

export const createOpenCalls = () => {
  const open = new Set<Outbox>();
  return {
    /** Begins a call, whose answers go through the outbox. */
    begin(call: LongCall): Outbox {
      const outbox = createOutbox(call);
      const over = () => open.delete(outbox);
      open.add(outbox);
      call.once('close', over);
      call.once('cancelled', over);
      return outbox;
    },
    /** Clients see the same as after a kill, so they need one way to handle both. */
    endAll(reason: Partial<StatusObject>): void {
      for (const outbox of open) outbox.end(reason);
      open.clear();
    },
  };
};

export type OpenCalls = ReturnType<typeof createOpenCalls>;
