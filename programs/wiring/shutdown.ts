/** Milliseconds that an orderly end may take. */
const WITHIN = 10_000;

/** Milliseconds in which a signal counts as the same one: npm passes on what the whole process group has got already. */
const SAME_SIGNAL = 500;

/** Milliseconds between two looks at whether npm's shell is still there. */
const LOOK_EVERY = 500;

/**
 * Has SIGTERM and SIGINT end the process in order; a second one, or ten seconds, ends it at once. Started by npm it also ends when npm
 * is ended: npm passes a signal on to the shell between the two, which does not.
 * @param stop finishes what was accepted and closes everything
 * @param more milliseconds that it may take on top, for draining
 */
export const onShutdown = (stop: (signal: string) => Promise<void>, more = 0): void => {
  let since: number | undefined;
  const end = (signal: string) => {
    if (since !== undefined) {
      if (performance.now() - since > SAME_SIGNAL) process.exit(1);
      return;
    }
    since = performance.now();
    setTimeout(() => process.exit(1), WITHIN + more).unref();
    stop(signal).then(
      () => process.exit(0),
      (error) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  if (!process.env.npm_lifecycle_event) return;
  const shell = process.ppid;
  const look = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(look);
    end('SIGTERM');
  }, LOOK_EVERY);
  look.unref();
};

/** Errors whose message is written for whoever starts the program. */
const EXPECTED = new Set([
  'SettingsError',
  'ListenError',
  'StoresError',
  'AlreadyBuildingError',
  'PoisonedBuildError',
  'SelectionError',
  'WrongEventStoreError',
]);

const isExpected = (error: unknown): error is Error =>
  error instanceof Error && (EXPECTED.has(error.name) || 'code' in error);

/** Runs a program's start: what it throws is one clear line and exit code 1. */
export const main = async (start: () => Promise<void>): Promise<void> => {
  try {
    await start();
  } catch (error) {
    console.error(isExpected(error) ? `plaza: ${error.message}` : error);
    process.exit(1);
  }
};
