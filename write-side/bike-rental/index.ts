import { schema } from '../../schemas/bike-rental.ts';
import type { WriteSideContext } from '../context.ts';
import { bike } from './bike.ts';
import { bill } from './bill.ts';
import { deposit } from './deposit.ts';
import { locations } from './locations.ts';
import { manager } from './manager.ts';
import { policies } from './policies.ts';
import { settings } from './settings.ts';

export const writeSide: WriteSideContext = {
  schema,
  deciders: [bike, bill, deposit, locations, manager, settings],
  policies,
  services: async () => (await import('./services.ts')).services,
  open: [{ view: 'bike-rental.rentals', owner: 'userId', while: ['in-use'] }],
  demo: async () => (await import('./demo.ts')).demo,
};
