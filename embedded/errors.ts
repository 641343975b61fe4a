/**
 * Why the embedded stores did not start. The codes are stable:
 * - `data-folder-unwritable`: the data folder cannot be created or written to
 * - `data-in-use`: another process has this data open
 * - `data-corrupt`: a file is torn, truncated or not one of ours
 * - `port-taken`: something else listens on the port
 * - `stores-failed`: anything else; the message says what
 */
export type StoresErrorCode =
  | 'data-folder-unwritable'
  | 'data-in-use'
  | 'data-corrupt'
  | 'port-taken'
  | 'stores-failed';

export type StoresError = Error & { code: StoresErrorCode };

/** An error whose message is one line for a human and whose `code` is for a program. */
export const storesError = (code: StoresErrorCode, message: string, cause?: unknown): StoresError => {
  return Object.assign(new Error(message.replaceAll('\n', ' '), { cause }), { code });
};

const CODES: readonly unknown[] = [
  'data-folder-unwritable',
  'data-in-use',
  'data-corrupt',
  'port-taken',
  'stores-failed',
];

export const isStoresError = (error: unknown): error is StoresError => {
  return error instanceof Error && 'code' in error && CODES.includes(error.code);
};
