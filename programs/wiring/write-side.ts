import type { EventStoreWatch } from '../../platform/subscriptions/event-store-check.ts';
import type { Erasing } from '../../write-side/services.ts';
import { startWriteSide, type WriteSide, type WriteSideOptions } from '../../write-side/start.ts';
import type { Program } from './open-program.ts';
import type { OpenedPersonalData } from './personal-data.ts';
import type { openServices } from './services.ts';

type Parts = Pick<WriteSideOptions, 'client' | 'appending' | 'contexts' | 'identify' | 'now'> & {
  services: Awaited<ReturnType<typeof openServices>>;
  keys: OpenedPersonalData | undefined;
  /** Undefined where no customer can be erased. */
  erasing: Erasing | undefined;
  /** Undefined in a program without MongoDB. */
  eventStore: EventStoreWatch | undefined;
};

/** Starts the write side of a program with the program's settings. */
export const writeSideOf = (
  { settings, note, onError, telemetry, opened }: Program,
  { services, keys, erasing, eventStore, ...parts }: Parts,
): WriteSide => {
  const commands = services.commands(telemetry, erasing);
  const writeSide = startWriteSide({
    ...parts,
    secret: keys?.secret,
    finding: eventStore?.finding,
    ...commands,
    checks: { ...commands.checks, ...(eventStore && { sameEventStore: eventStore.check }) },
    timeZone: settings.TIME_ZONE,
    answerWithin: settings.COMMAND_TIMEOUT_MS,
    maxBusy: settings.MAX_WAITING_COMMANDS,
    onError,
    telemetry,
    log: note,
  });
  opened.defer(writeSide.stop);
  eventStore?.onChange(writeSide.forget);
  return writeSide;
};
