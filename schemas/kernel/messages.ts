import { type Static, type TSchema, Type } from 'typebox';
import { defined } from './defined.ts';
import { Id } from './values.ts';

export const Language = Type.Unsafe<'ko' | 'en'>(Type.String({ enum: ['ko', 'en'], examples: ['ko'] }));
export type Language = Static<typeof Language>;

export type Phrase = Readonly<Record<Language, string>>;

const Wording = Type.Object(
  { subject: Type.String(), text: Type.String() },
  {
    additionalProperties: false,
    examples: [{ subject: 'A spot is reserved', text: 'A spot is reserved\nCar: 10더8612' }],
  },
);

export const Texts = Type.Object({ ko: Wording, en: Wording }, { additionalProperties: false });
export type Texts = Static<typeof Texts>;

/** The ids of the resource that a message is about, by name: `{ lotId: 'lot-1', reservationId: 'r-1' }`. */
export const About = Type.Record(Type.String({ pattern: '^[a-z][A-Za-z]*Id$' }), Id, {
  examples: [{ lotId: 'lot-1', reservationId: 'r-1' }],
});

/** The facts of an event besides its type and data. */
export type MessageFacts = {
  /** Decimal, from 0. */
  revision: string;
  /** UTC with milliseconds. */
  time: string;
  /** The time zone of calendar days and of the times in texts (IANA name). */
  timeZone: string;
};

/** A reminder of something that begins later. */
export type Reminder = {
  /** UTC with milliseconds. A reminder that would be due when its event happens is not planned. */
  at: string;
  /** From this moment on it is not sent. */
  until: string;
  texts: Texts;
};

/** The effect of an event on a customer: a message, and the reminder that it plans or removes. */
export type MessageEffect = {
  customerId: string;
  /** The ids of the resource, in the order of its path. */
  about: Readonly<Record<string, string>>;
  message?: {
    /** `booked`: permanent, since it is part of the message's id. */
    kind: string;
    texts: Texts;
    /** Distinguishes messages of one kind about one resource; the event's revision when left out. */
    occurrence?: string;
  };
  /** Replaces a planned reminder, and null removes it; left out, it stays. */
  reminder?: Reminder | null;
};

/** The messages of a context, in `schemas/{context}-messages.ts`: the events that make them, and their texts. */
export type ContextMessages = {
  /** Precedes the ids of its messages; the context's name and a dot when left out. Permanent. */
  prefix?: string;
  on: Readonly<Record<string, (data: never, facts: MessageFacts) => MessageEffect | undefined>>;
};

/**
 * Declares the messages of a context. It names each event that makes one:
 *
 *     export const messages = messagesOn<typeof events>()({
 *       BookLent: ({ bookId, readerId }) => ({
 *         customerId: readerId,
 *         about: { bookId },
 *         message: message('lent', { ko: '책을 빌렸습니다', en: 'You borrowed a book' }, line(bookLabel, bookId)),
 *       }),
 *     });
 *
 * The functions are pure. The first, empty call states the types of the events' data.
 */
export const messagesOn =
  <Events extends Readonly<Record<string, { data: TSchema }>>>() =>
  <Type extends keyof Events & string>(
    on: {
      readonly [T in Type]: (data: Static<Events[T]['data']>, facts: MessageFacts) => MessageEffect | undefined;
    },
    { prefix }: Pick<ContextMessages, 'prefix'> = {},
  ): ContextMessages => ({ on: on as ContextMessages['on'], ...defined({ prefix }) });

/** Returns the texts of a message: its subject, which is also its first line, and a line for each detail. */
export const texts = (subject: Phrase, ...details: readonly (Phrase | undefined)[]): Texts => {
  const lines = details.filter((detail) => detail !== undefined);
  const inLanguage = (language: Language) => ({
    subject: subject[language],
    text: [subject, ...lines].map((line) => line[language]).join('\n'),
  });
  return { ko: inLanguage('ko'), en: inLanguage('en') };
};

/** Returns a message: its kind, its subject, and a line for each detail. */
export const message = (
  kind: string,
  subject: Phrase,
  ...details: readonly (Phrase | undefined)[]
): NonNullable<MessageEffect['message']> => ({ kind, texts: texts(subject, ...details) });

/** Returns the same text in each language. */
const same = (text: string): Phrase => ({ ko: text, en: text });

/** Returns a line with a label; undefined without a value, which leaves the line out. */
export const line = (label: Phrase, value: Phrase | string | number | undefined): Phrase | undefined => {
  if (value === undefined) return undefined;
  const { ko, en } = typeof value === 'object' ? value : same(String(value));
  return { ko: `${label.ko}: ${ko}`, en: `${label.en}: ${en}` };
};

/** An id that a program made: nobody reads it out at a desk. */
const MADE = /^[\da-f]{8}-?([\da-f]{4}-?){3}[\da-f]{12}$/;

/**
 * Returns a line with an id that people chose, such as a number; undefined for one that was made.
 * @param words returns the id as people say it
 */
export const idLine = (
  label: Phrase,
  id: string | undefined,
  words: (id: string) => Phrase | string = (id) => id,
): Phrase | undefined => (id === undefined || MADE.test(id) ? undefined : line(label, words(id)));

/** Returns the line of a reason. @param known the words for the reasons that Plaza gives itself; others stay as they are */
export const reasonLine = (reason: string | undefined, known: Readonly<Record<string, Phrase>>): Phrase | undefined =>
  line({ ko: '사유', en: 'Reason' }, reason && (known[reason] ?? reason));

const won = {
  ko: new Intl.NumberFormat('ko'),
  en: new Intl.NumberFormat('en', { style: 'currency', currency: 'KRW' }),
};

/** Returns an amount as people write it: 9,000원, ₩9,000. */
export const money = (amount: number): Phrase => ({ ko: `${won.ko.format(amount)}원`, en: won.en.format(amount) });

const dayIn = (locale: string) => new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeZone: 'UTC' });
const days = { ko: dayIn('ko-KR'), en: dayIn('en-GB') };

/** Returns a calendar day as people write it: 2030년 1월 31일 목요일, Thursday 31 January 2030. */
export const dayText = (day: string): Phrase => {
  const moment = Date.parse(`${day}T00:00:00Z`);
  return { ko: days.ko.format(moment), en: days.en.format(moment) };
};

const momentIn = (locale: string, timeZone: string) =>
  new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'short', timeZone });
const moments = new Map<string, Record<Language, Intl.DateTimeFormat>>();

/** Returns a moment as people in a time zone write it: 2030년 1월 31일 목요일 오후 6:00. */
export const momentText = (moment: string, timeZone: string): Phrase => {
  const made = moments.get(timeZone) ?? { ko: momentIn('ko-KR', timeZone), en: momentIn('en-GB', timeZone) };
  moments.set(timeZone, made);
  const time = Date.parse(moment);
  return { ko: made.ko.format(time), en: made.en.format(time) };
};

/** Why a payment failed, as customers read it. */
export const paymentFailures = {
  declined: { ko: '결제가 거절되었습니다', en: 'the payment was declined' },
  'timed-out': {
    ko: '결제 결과를 확인하지 못했습니다. 결제된 금액은 돌려 드립니다',
    en: 'the payment had no outcome; what was charged goes back to you',
  },
  unavailable: { ko: '결제할 수 없습니다', en: 'payments are not possible' },
} as const;
