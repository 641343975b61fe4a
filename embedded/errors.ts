/**
 * The reason why the embedded stores did not start. The codes are stable:
 * - `data-folder-unwritable`: the data folder cannot be created or written to
 * - `data-in-use`: another process has this data open
 * - `data-corrupt`: a file is damaged, truncated or of another program
 * - `port-taken`: another program listens on the port
 * - `stores-failed`: any other reason; see the message
 */
const CODES = ['data-folder-unwritable', 'data-in-use', 'data-corrupt', 'port-taken', 'stores-failed'] as const;

export type StoresErrorCode = (typeof CODES)[number];

export type StoresError = Error & { code: StoresErrorCode };

/** Returns an error with a message of one line for people and a `code` for programs. */
export const storesError = (code: StoresErrorCode, message: string, cause?: unknown): StoresError => {
  return Object.assign(new Error(message.replaceAll('\n', ' '), { cause }), { code });
};

export const isStoresError = (error: unknown): error is StoresError => {
  return error instanceof Error && 'code' in error && CODES.some((code) => code === error.code);
};
