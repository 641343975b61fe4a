import type { CinemaEvent } from './cinema.ts';

type Told = Extract<
  CinemaEvent,
  { type: 'ReservationConfirmed' | 'SeatReservationCanceled' | 'PaymentRefunded' | 'MessageSent' }
>;

/** A message to a customer. `messageId` is the same whenever the same message is made or sent again. */
export type CustomerMessage = {
  messageId: string;
  customerId: string;
  kind: 'confirmed' | 'canceled' | 'refunded';
  showingId: string;
  reservationId: string;
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

/** The name of the message that an event asks for, or that it tells was sent. */
export const messageIdOf = (event: Told): string =>
  `${kindOf(event)}.${event.data.showingId}.${event.data.reservationId}`;

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

/** The message that an event asks for. */
export const messageOf = (event: Exclude<Told, { type: 'MessageSent' }>): CustomerMessage => {
  const { customerId, showingId, reservationId } = event.data;
  return {
    messageId: messageIdOf(event),
    customerId,
    kind: kindOf(event),
    showingId,
    reservationId,
    text: textOf(event),
  };
};
