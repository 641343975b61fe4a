import { fill, match } from '../common/templates.ts';

/** The resources of tickets by the addresses that their QR codes contain. */
const TICKETS: readonly [address: string, resource: string][] = [
  [
    '/app/cinema/showings/{showingId}/reservations/{reservationId}',
    '/cinema/showings/{showingId}/reservations/{reservationId}',
  ],
  ['/app/screening/{slotId}/bookings/{bookingId}', '/screening/slots/{slotId}/bookings/{bookingId}'],
];

/** Returns the path of the ticket whose code a scanner typed; undefined for any other text. */
export const ticketAt = (text: string): string | undefined => {
  const path = URL.canParse(text) ? new URL(text).pathname : text;
  for (const [address, resource] of TICKETS) {
    const parameters = match(address, path);
    if (parameters) return fill(resource, parameters);
  }
  return undefined;
};
