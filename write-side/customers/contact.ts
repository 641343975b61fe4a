import { type CustomersEvent, schema as customers, toE164 } from '../../schemas/customers.ts';
import { defined } from '../../schemas/kernel/defined.ts';
import { decider, type Refusal, refuse } from '../kernel/decider.ts';

type Contact = Extract<CustomersEvent, { type: 'ContactChanged' }>['data'];

type State = {
  contact?: Contact;
  /** The key that was erased last. */
  erasedWith?: string;
};

/** The customer's latest key, or why nothing can be erased: `erasure` of the decision's `prepared`. */
export type Erasure = { key: string } | Refusal;

const initialState: State = {};

/** The addresses of a customer's messages. Each event holds the whole contact, so the last one is enough. */
export const contact = decider(customers, {
  stream: 'contact-{customerId}',
  initialState,

  evolve: {
    ContactChanged: (state, contact) => ({ ...state, contact }),
    CustomerErased: (_state, { key }) => ({ erasedWith: key }),
  },

  commands: {
    ChangeContact: {
      decide: (data, { contact }) => {
        const { customerId, name, email, phone, language } = data;
        const next = { customerId, name, email, phone: phone && toE164(phone), language };
        const isSame = contact && FIELDS.every((field) => contact[field] === next[field]);
        return isSame ? [] : [{ type: 'ContactChanged', data: defined(next) }];
      },
      answer: ({ phone, ...data }) => ({ ...data, ...(phone === undefined ? {} : { phone: toE164(phone) }) }),
    },

    EraseCustomer: {
      decide: ({ customerId }, { contact, erasedWith }, { prepared, isTrial }) => {
        if (isTrial) return [];
        const erasure = (prepared?.erasure ?? refuse('personal-data-not-encrypted')) as Erasure;
        if ('refused' in erasure) return erasure;
        const { key } = erasure;
        return key === erasedWith && !contact ? [] : [{ type: 'CustomerErased', data: { customerId, key } }];
      },
      answer: ({ customerId }) => ({ customerId, status: 'erased' }),
    },

    ReadErasure: {
      decide: () => [],
      read: ({ erasedWith }) => (erasedWith === undefined ? {} : { key: erasedWith }),
    },
  },

  snapshotVersion: 2,
});

const FIELDS = ['name', 'email', 'phone', 'language'] as const;
