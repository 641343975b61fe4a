import { schema } from '../../schemas/customers.ts';
import type { WriteSideContext } from '../context.ts';
import { contact } from './contact.ts';
import { message } from './message.ts';

export const writeSide: WriteSideContext = {
  schema,
  deciders: [contact, message],
  policies: [],
  services: async () => (await import('./services.ts')).services,
};
