import type { schema } from '../../../schemas/customers.ts';
import { fill } from '../../common/templates.ts';
import { contextView } from '../context.ts';
import { statusOf } from '../fields.ts';

const CUSTOMER = '/customers/{customerId}';
const CONTACTS = '/customers/contacts';
const CONTACT = '/customers/{customerId}/contact';
const CUSTOMER_MESSAGES = '/customers/{customerId}/messages';

export const view = contextView<typeof schema>({
  name: 'customers',
  order: 6,
  title: { en: 'Messages to customers', ko: '고객 메시지' },
  level: { en: 'messages not delivered', ko: '전달하지 못한 메시지' },
  figures: ({ totals }) => [
    {
      label: { en: 'not delivered', ko: '전달 실패' },
      value: totals.failed,
      tone: totals.failed > 0 ? 'bad' : undefined,
    },
  ],
  rows: ({ failed }) =>
    failed.map(({ customerId, context, kind }) => ({
      to: fill(CUSTOMER, { customerId })!,
      label: customerId,
      note: statusOf(context),
      value: statusOf(kind),
    })),
  rowsInAll: ({ totals }) => totals.failed,
  all: '/customers/messages',
  lists: {
    '/customers/messages': {
      title: { en: 'Messages', ko: '메시지' },
      columns: ['at', 'customerId', 'context', 'kind', 'texts', 'status', 'channels'],
      sort: '-at',
    },
    [CONTACTS]: {
      title: { en: 'Contacts', ko: '연락처' },
      columns: ['customerId', 'name', 'phone', 'email', 'language', 'changedAt'],
      thing: CONTACT,
    },
    [CUSTOMER_MESSAGES]: {
      title: { en: 'Messages', ko: '메시지' },
      columns: ['at', 'context', 'kind', 'texts', 'status', 'channels'],
      sort: '-at',
      commands: ['ChangeContact'],
    },
  },
  things: {
    [CONTACT]: {
      title: { en: 'Contact', ko: '연락처' },
      heading: ({ customerId, name }) => String(name ?? customerId),
      fields: ['customerId', 'name', 'email', 'phone', 'language', 'changedAt'],
      commands: () => ['ChangeContact', 'EraseCustomer'],
    },
  },
  commands: {
    ChangeContact: { en: 'Change the contact', ko: '연락처 변경' },
    EraseCustomer: {
      en: 'Erase the customer',
      ko: '개인정보 삭제',
      danger: true,
      needsMeans: true,
      effect: {
        en: 'Names, addresses, car numbers and texts of the customer are lost in every context.',
        ko: '모든 서비스에서 고객의 이름, 연락처, 차량 번호, 글이 삭제됩니다.',
      },
    },
  },
  problems: {
    'customer-has-open-reservations': '진행 중인 예약이 있습니다',
    'customer-not-found': '저장된 정보가 없는 고객입니다',
    'personal-data-not-encrypted': '개인정보가 암호화되지 않아 삭제할 수 없습니다',
  },
  words: {
    ContactChanged: { en: '{customerId} has a new contact', ko: '{customerId} 연락처 변경' },
    MessageSent: {
      en: 'Message to {customerId} ({kind}) sent by {channel}',
      ko: '{customerId} 메시지 발송({kind}, {channel})',
    },
    MessageFailed: {
      en: 'Message to {customerId} ({kind}) not sent by {channel}',
      ko: '{customerId} 메시지 발송 실패({kind}, {channel})',
    },
    CustomerErased: { en: 'The personal data of {customerId} was erased', ko: '{customerId} 개인정보 삭제' },
    CustomerReminded: { en: '{customerId} is reminded ({context})', ko: '{customerId} 사전 안내({context})' },
  },
  about: [CUSTOMER],
  customer: { field: 'customerId', shows: [CONTACTS, CUSTOMER_MESSAGES] },
});
