import type { Static } from 'typebox';
import { schema as customers, type queries } from '../../schemas/customers.ts';
import { projection } from '../kernel/projection.ts';

type Contact = Static<typeof queries.contact.item>;

export const contacts = projection<Contact>()({
  context: customers,
  name: 'customers.contacts',
  version: 2,
  key: ({ customerId }) => customerId,
  on: {
    ContactChanged: (_contact, data, { metadata }) => ({ ...data, changedAt: metadata.time }),
    CustomerErased: () => null,
  },
});
