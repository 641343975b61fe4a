import { pino } from 'pino';

export type Log = ReturnType<typeof createLog>;

/** What must not be read in a log: access tokens, and what tells who somebody is or pays with. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[token]'],
  [/(\bBearer\s+)[\w.~+/=-]+/gi, '$1[token]'],
  [/((?:\\*")(?:carNumber|token|password|authorization)(?:\\*")\s*:\s*\\*")(?:[^"\\]|\\(?!\\*"))*/gi, '$1[redacted]'],
  [/(\/\/)[^/@\s"]+@/g, '$1[redacted]@'],
];

/** A line without what must not be read in it, however deep it stands and however often it was quoted. */
export const redacted = (line: string): string =>
  SECRETS.reduce((text, [secret, instead]) => text.replaceAll(secret, instead), line);

/** JSON lines on standard error. @param level of LOG_LEVEL */
export const createLog = (level: string, name: string) =>
  pino(
    { level, name, base: { name, pid: process.pid }, hooks: { streamWrite: redacted } },
    pino.destination({ fd: 2, sync: false }),
  );

/** Logs failures that are nobody's refusal, with what is known of the request. */
export const logFailures =
  (log: Log) =>
  (error: unknown, about: object = {}): void =>
    log.error({ ...about, err: error });
