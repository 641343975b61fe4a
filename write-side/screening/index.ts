import { schema } from '../../schemas/screening.ts';
import type { WriteSideContext } from '../context.ts';
import { hospital } from './hospital.ts';
import { policies, screeningTimers } from './policies.ts';
import { screeningSlot } from './screening-slot.ts';
import { steps } from './steps.ts';

export const writeSide: WriteSideContext = {
  schema,
  deciders: [screeningSlot, hospital],
  policies,
  timers: screeningTimers,
  steps,
  services: async () => (await import('./services.ts')).services,
  demo: async () => (await import('./demo.ts')).demo,
};
