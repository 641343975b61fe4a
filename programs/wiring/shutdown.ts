/** Milliseconds for an orderly end. */
const WITHIN = 10_000;

/**
 * Milliseconds in which a repeated signal counts as one: npm forwards a signal that the whole process group got
 * already.
 */
const SAME_SIGNAL = 500;

/** Milliseconds between two checks for npm's shell. */
const LOOK_EVERY = 500;

/**
 * Ends the process in order on SIGTERM and SIGINT; at once on a second signal or after ten seconds. A process that npm
 * started also ends with npm: npm sends a signal only to the shell between the two, which does not forward it.
 * @param stop finishes accepted work and closes everything
 * @param more additional milliseconds, for draining
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

/** Errors with a message for operators. */
const EXPECTED = new Set([
  'SettingsError',
  'FolderError',
  'ListenError',
  'StoresError',
  'AlreadyBuildingError',
  'PoisonedBuildError',
  'SelectionError',
  'WrongEventStoreError',
  'StoreUnavailableError',
  'TransferError',
  'UsageError',
]);

/** Errors of the arguments that a command was given. */
const OF_ARGUMENTS = new Set(['UsageError', 'SelectionError']);

const isExpected = (error: unknown): error is Error =>
  error instanceof Error && (EXPECTED.has(error.name) || 'code' in error);

/**
 * Prints an error, in one line if its message is for operators, and ends the process with code 1, or 2 for wrong
 * arguments.
 */
export const fail = (error: unknown): never => {
  console.error(isExpected(error) ? `plaza: ${error.message}` : error);
  process.exit(error instanceof Error && OF_ARGUMENTS.has(error.name) ? 2 : 1);
};

/** Runs a program's start. An error ends the process. */
export const main = (start: () => Promise<void>): Promise<void> => start().catch(fail);
