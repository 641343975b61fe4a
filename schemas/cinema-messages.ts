import { type CinemaEvent, type Hold, holdKey, holdOf } from './cinema.ts';

type Told = Extract<
  CinemaEvent,
  { type: 'ReservationConfirmed' | 'SeatReservationCanceled' | 'PaymentRefunded' | 'MessageSent' }
>;

/** A message to a customer. `messageId` stays the same when the message is made or sent again. */
export type CustomerMessage = Hold & {
  messageId: string;
  customerId: string;
  kind: 'confirmed' | 'canceled' | 'refunded';
  text: string;
};

const kindOf = (event: Told): CustomerMessage['kind'] => {
  switch (event.type) {
    case 'ReservationConfirmed':
      return 'confirmed';
    case 'SeatReservationCanceled':
      return 'canceled';
    case 'PaymentRefunded':
      return 'refunded';
    case 'MessageSent':
      return event.data.kind;
    default:
      return event satisfies never;
  }
};

/** Returns the id of the message that an event requires or records as sent. */
export const messageIdOf = (event: Told): string => `${kindOf(event)}.${holdKey(event.data)}`;

const textOf = (event: Exclude<Told, { type: 'MessageSent' }>): string => {
  const { title, reservationId } = event.data;
  switch (event.type) {
    case 'ReservationConfirmed': {
      const { seat, price } = event.data;
      const where = seat === undefined ? 'a free seat' : `seat ${seat}`;
      return `Your reservation ${reservationId} of ${where} for ${title} is confirmed: ${price} was paid.`;
    }
    case 'SeatReservationCanceled':
      return `Your reservation ${reservationId} for ${title} is cancelled. The payment goes back to you.`;
    case 'PaymentRefunded':
      return `${event.data.amount} for your reservation ${reservationId} for ${title} was refunded.`;
    default:
      return event satisfies never;
  }
};

/** Returns the message that an event requires. */
export const messageOf = (event: Exclude<Told, { type: 'MessageSent' }>): CustomerMessage => {
  return {
    messageId: messageIdOf(event),
    customerId: event.data.customerId,
    kind: kindOf(event),
    ...holdOf(event.data),
    text: textOf(event),
  };
};
