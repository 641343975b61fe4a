import type { Page } from '../../common/api.ts';
import { useUpdates } from '../../common/updates.ts';
import { type AppPage, type Ticket, ticketsOf } from '../page.ts';
import { Heading } from '../parts.tsx';
import { say } from '../words.ts';
import { type Booking, BookingPage, BookingRow, bookingPath, MovePage } from './bookings.tsx';
import { SlotPage } from './slot-page.tsx';
import { SlotChoice, SlotRow } from './slots.tsx';

const ScreeningPage = () => (
  <>
    <Heading>{say('건강검진', 'Health screening')}</Heading>
    <SlotChoice>{(slot) => <SlotRow slot={slot} />}</SlotChoice>
  </>
);

/** Reads the customer's bookings; undefined as long as they are not known. */
export const useScreeningTickets = (customerId: string): Ticket[] | undefined =>
  ticketsOf(
    useUpdates<Page<Booking>>(`/screening/customers/${customerId}/bookings?sort=-bookedAt&limit=50`, {
      isKept: true,
      each: ({ items }) => items.filter(({ status }) => status === 'booked').map((one) => [bookingPath(one), one]),
    }),
    (one) => ({
      key: `screening ${one.slotId} ${one.bookingId}`,
      isOpen: one.status === 'booked',
      at: one.bookedAt,
      row: <BookingRow of={one} />,
    }),
  );

export const screeningPages: readonly AppPage[] = [
  ['/app/screening', () => <ScreeningPage />],
  ['/app/screening/{slotId}', ({ slotId, customerId }) => <SlotPage slotId={slotId!} customerId={customerId} />],
  [
    '/app/screening/{slotId}/bookings/{bookingId}',
    ({ slotId, bookingId }) => <BookingPage slotId={slotId!} bookingId={bookingId!} />,
  ],
  [
    '/app/screening/{slotId}/bookings/{bookingId}/move',
    ({ slotId, bookingId }) => <MovePage slotId={slotId!} bookingId={bookingId!} />,
  ],
];
