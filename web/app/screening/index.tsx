import { placesLeft } from '../../common/sessions.ts';
import { arranged, useList } from '../lists.ts';
import { page, useTicketsOf } from '../page.ts';
import { Heading, type Ticket } from '../parts.tsx';
import { EVERY, Service } from '../service.tsx';
import { say } from '../words.ts';
import { type Booking, BookingPage, bookingPath, MovePage, ticketOf } from './bookings.tsx';
import { SlotPage } from './slot-page.tsx';
import { type Slot, SlotChoice, SlotRow } from './slots.tsx';

/** The next days with places, on the home page. */
export const Screening = () => {
  const slots = useList<Slot>('/screening/slots?status=open&sort=date&limit=50', { every: EVERY });
  return (
    <Service
      title={say('건강검진', 'Health screening')}
      to="/app/screening"
      of={arranged(slots, (all) => all.filter((slot) => placesLeft(slot) > 0))}
    >
      {(slot) => <SlotRow key={slot.slotId} slot={slot} isDated />}
    </Service>
  );
};

const ScreeningPage = () => (
  <>
    <Heading>{say('건강검진', 'Health screening')}</Heading>
    <SlotChoice>{(slot) => <SlotRow key={slot.slotId} slot={slot} />}</SlotChoice>
  </>
);

/** Reads the customer's bookings; undefined as long as they are not known. */
export const useScreeningTickets = (customerId: string): Ticket[] | undefined =>
  useTicketsOf<Booking>(`/screening/customers/${customerId}/bookings?sort=-bookedAt&limit=50`, bookingPath, ticketOf);

export const screeningPages = [
  page('/app/screening', ScreeningPage),
  page('/app/screening/{slotId}', SlotPage),
  page('/app/screening/{slotId}/bookings/{bookingId}', BookingPage),
  page('/app/screening/{slotId}/bookings/{bookingId}/move', MovePage),
];
