import { type DestinationStream, pino } from 'pino';

export type Log = ReturnType<typeof createLog>;

/** A quote with any number of escapes. */
const QUOTE = '\\\\*["\'`]';

/**
 * Access tokens, and values that identify people or payments: in JSON, in JSON within JSON, and in the form of
 * `util.inspect` and MongoDB (`{ carNumber: "…" }`). A value ends with the quote that begins it.
 */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[token]'],
  [/(\bBearer\s+)[\w.~+/=-]+/gi, '$1[token]'],
  [
    new RegExp(
      `\\b((?:carNumber|token|password|authorization)(?:${QUOTE})?\\s*:\\s*(${QUOTE})).*?(?<!\\\\)(?=\\2)`,
      'gi',
    ),
    '$1[redacted]',
  ],
  [/(\/\/)[^/@\s"]+@/g, '$1[redacted]@'],
];

/** Returns a line without its secrets. */
export const redacted = (line: string): string =>
  SECRETS.reduce((text, [secret, instead]) => text.replaceAll(secret, instead), line);

/** Creates a log of JSON lines. @param level of LOG_LEVEL @param to receives the lines; by default standard error */
export const createLog = (
  level: string,
  name: string,
  to: DestinationStream = pino.destination({ fd: 2, sync: false }),
) => pino({ level, name, base: { name, pid: process.pid }, hooks: { streamWrite: redacted } }, to);

/** Logs unexpected errors, with facts about the request. */
export const logFailures =
  (log: Log) =>
  (error: unknown, about: object = {}): void =>
    log.error({ ...about, err: error });
