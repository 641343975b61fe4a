import type { EventStoreClient } from '../../platform/event-store/client.ts';
import type { Appending } from '../../platform/event-store/fast/append-thread.ts';
import type { WriteSideContext } from '../../write-side/context.ts';
import type { Erasing } from '../../write-side/services.ts';
import { startWriteSide, type WriteSide } from '../../write-side/start.ts';
import type { Identity } from './identity.ts';
import type { OpenedPersonalData } from './personal-data.ts';
import type { Program } from './run-program.ts';
import type { openServices } from './services.ts';

export type WriteSideParts = {
  client: EventStoreClient;
  /** Appends in place of the client, if given. */
  appending?: Appending | undefined;
  contexts: readonly WriteSideContext[];
  services: Awaited<ReturnType<typeof openServices>>;
  identify: Identity['identify'];
  /** The clock of decisions; this machine's when left out. */
  now?: () => Date;
  keys: OpenedPersonalData | undefined;
  /** Undefined where no customer can be erased. */
  erasing: Erasing | undefined;
};

/** Starts the write side of a program with the program's settings. */
export const openWriteSide = (
  { settings, onError, telemetry, opened }: Program,
  { services, keys, erasing, ...parts }: WriteSideParts,
): WriteSide => {
  const writeSide = startWriteSide({
    ...parts,
    secret: keys?.secret,
    ...services.commands(telemetry, erasing),
    timeZone: settings.TIME_ZONE,
    answerWithin: settings.COMMAND_TIMEOUT_MS,
    maxBusy: settings.MAX_WAITING_COMMANDS,
    onError,
    telemetry,
  });
  opened.defer(writeSide.stop);
  return writeSide;
};
