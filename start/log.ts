import { pino } from 'pino';

export type Log = ReturnType<typeof createLog>;

/** JSON lines on standard error. @param level of LOG_LEVEL */
export const createLog = (level: string, name: string) =>
  pino({ level, name, base: { name, pid: process.pid } }, pino.destination({ fd: 2, sync: false }));
