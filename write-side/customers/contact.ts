import { type CustomersEvent, schema as customers, toE164 } from '../../schemas/customers.ts';
import { decider } from '../kernel/decider.ts';

type Contact = Extract<CustomersEvent, { type: 'ContactChanged' }>['data'];

type State = { contact?: Contact };

const initialState: State = {};

/** The addresses of a customer's messages. Each event holds the whole contact, so the last one is enough. */
export const contact = decider(customers, {
  stream: 'contact-{customerId}',
  initialState,

  evolve: {
    ContactChanged: (_state, contact) => ({ contact }),
  },

  commands: {
    ChangeContact: {
      decide: (data, { contact }) => {
        const { customerId, name, email, phone, language } = data;
        const next = { customerId, name, email, phone: phone && toE164(phone), language };
        const isSame = contact && FIELDS.every((field) => contact[field] === next[field]);
        return isSame ? [] : [{ type: 'ContactChanged', data: withoutMissing(next) }];
      },
      answer: ({ phone, ...data }) => ({ ...data, ...(phone === undefined ? {} : { phone: toE164(phone) }) }),
    },
  },

  snapshotVersion: 1,
});

const FIELDS = ['name', 'email', 'phone', 'language'] as const;

const withoutMissing = (contact: { [Field in keyof Contact]: Contact[Field] | undefined }): Contact =>
  Object.fromEntries(Object.entries(contact).filter(([, value]) => value !== undefined)) as Contact;
