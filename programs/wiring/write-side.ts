import type { EventStoreClient } from '../../platform/event-store/client.ts';
import type { Appending } from '../../platform/event-store/fast/append-thread.ts';
import type { WriteSideContext } from '../../write-side/context.ts';
import { startWriteSide, type WriteSide } from '../../write-side/start.ts';
import type { Identity } from './identity.ts';
import type { Program } from './run-program.ts';
import type { openOutside } from './services.ts';

export type WriteSideParts = {
  client: EventStoreClient;
  /** Appends in place of the client, if given. */
  appending?: Appending | undefined;
  contexts: readonly WriteSideContext[];
  outside: Awaited<ReturnType<typeof openOutside>>;
  identify: Identity['identify'];
};

/** Starts the write side of a program with the program's settings. */
export const openWriteSide = (
  { settings, onError, telemetry, opened }: Program,
  { outside, ...parts }: WriteSideParts,
): WriteSide => {
  const writeSide = startWriteSide({
    ...parts,
    ...outside.commands(telemetry),
    answerWithin: settings.COMMAND_TIMEOUT_MS,
    maxBusy: settings.MAX_WAITING_COMMANDS,
    onError,
    telemetry,
  });
  opened.defer(writeSide.stop);
  return writeSide;
};
