import { schema as customers } from '../../schemas/customers.ts';
import { activity } from '../kernel/activity.ts';
import { history } from '../kernel/history.ts';
import type { ProjectionsInput } from '../kernel/projection.ts';
import { contacts } from './contacts.ts';
import { messages } from './messages.ts';

export const projections = (input: ProjectionsInput) => {
  const views = [contacts, messages(input)];
  return [...views, history(customers, views), activity(customers, { MessageFailed: 1 })];
};
