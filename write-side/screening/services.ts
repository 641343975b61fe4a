import type { Services } from '../services.ts';
import { beginnings } from './policies.ts';

/** The timers that know the time zone of sessions. */
export const services: Services<{ TIME_ZONE: string }> = {
  processes: ({ TIME_ZONE }) => ({ managers: [beginnings(TIME_ZONE)] }),
};
