import { Type } from 'typebox';
import { admin, anyone, customer, staff } from './access.ts';
import {
  type ContextSchema,
  command,
  type EventOf,
  event,
  internalCommand,
  inView,
  list,
  one,
  Strict,
} from './kernel/context.ts';
import { CalendarDay, Id, Status, Text, Time } from './kernel/values.ts';

/** The most places of a slot: the ids of that many bookings fit into one append, which deleting the slot needs. */
export const MAX_CAPACITY = 10_000;
/** The most bookings that one ForceCancellationDue names. */
export const BOOKINGS_PER_PORTION = 100;

const Capacity = Type.Integer({ minimum: 0, maximum: MAX_CAPACITY, examples: [2] });
const HospitalName = Text(100, '분당서울대학교병원');
const Count = Type.Integer({ minimum: 0 });

const booking = Strict({ slotId: Id, bookingId: Id, customerId: Id });

export const events = {
  SlotOpened: event(
    'A slot was opened: a hospital, a day and its capacity',
    Strict({ slotId: Id, hospitalName: HospitalName, date: CalendarDay, capacity: Capacity }),
  ),
  ScreeningBooked: event(
    'A place was booked for a customer',
    Strict({ slotId: Id, bookingId: Id, customerId: Id, hospitalName: HospitalName, date: CalendarDay }),
  ),
  BookingCanceled: event('The booking was cancelled and its place is free', booking),
  SlotDeleted: event(
    'The slot was deleted; its open bookings are cancelled next',
    Strict({ slotId: Id, openBookings: Count }),
  ),
  ForceCancellationDue: event(
    'Names up to 100 bookings that were open when the slot was deleted, to be cancelled',
    Strict({
      slotId: Id,
      portion: Count,
      bookingIds: Type.Array(Id, { minItems: 1, maxItems: BOOKINGS_PER_PORTION, examples: [['booking-1']] }),
    }),
  ),
  BookingForceCanceled: event('The booking was cancelled because its slot was deleted', booking),
};

const commands = {
  OpenSlot: command(
    'Open a slot (administrators)',
    Strict({ slotId: Id, hospitalName: HospitalName, date: CalendarDay, capacity: Capacity }),
    {
      method: 'POST',
      path: '/screening/slots',
      id: 'slotId',
      status: 201,
      location: '/screening/slots/{slotId}',
      answer: Strict({
        slotId: Id,
        hospitalName: HospitalName,
        date: CalendarDay,
        capacity: Capacity,
        status: Status('open'),
      }),
    },
    ['slot-already-opened', 'date-in-past'],
  ),
  BookScreening: command(
    'Book a place',
    booking,
    {
      method: 'POST',
      path: '/screening/slots/{slotId}/bookings',
      id: 'bookingId',
      status: 201,
      location: '/screening/slots/{slotId}/bookings/{bookingId}',
      answer: Strict({
        slotId: Id,
        bookingId: Id,
        customerId: Id,
        hospitalName: HospitalName,
        date: CalendarDay,
        status: Status('booked'),
      }),
    },
    ['slot-not-found', 'slot-deleted', 'slot-full', 'customer-already-booked', 'booking-already-exists'],
  ),
  CancelBooking: command(
    'Give the place back',
    Strict({ slotId: Id, bookingId: Id }),
    {
      method: 'DELETE',
      path: '/screening/slots/{slotId}/bookings/{bookingId}',
      status: 200,
      location: '/screening/slots/{slotId}/bookings/{bookingId}',
      answer: Strict({ slotId: Id, bookingId: Id, status: Status('canceled') }),
    },
    ['slot-not-found', 'booking-not-found', 'already-canceled'],
  ),
  DeleteSlot: command(
    'Delete a slot and cancel its open bookings (administrators)',
    Strict({ slotId: Id }),
    {
      method: 'DELETE',
      path: '/screening/slots/{slotId}',
      status: 200,
      location: '/screening/slots/{slotId}',
      answer: Strict({ slotId: Id, status: Status('deleted'), openBookings: Count }),
    },
    ['slot-not-found', 'slot-deleted'],
  ),
  ForceCancelBooking: internalCommand(
    'Cancel a booking of a deleted slot, if it is still open',
    Strict({ slotId: Id, bookingId: Id }),
  ),
};

const Slot = Strict({
  slotId: Id,
  hospitalName: HospitalName,
  date: CalendarDay,
  status: Status('open', 'deleted'),
  capacity: Capacity,
  booked: Capacity,
  left: Capacity,
});

const bookingStatus = Status('booked', 'canceled', 'force-canceled');

const Booking = Strict({
  slotId: Id,
  bookingId: Id,
  customerId: Id,
  hospitalName: HospitalName,
  date: CalendarDay,
  status: bookingStatus,
  bookedAt: Time,
  history: Type.Array(Strict({ status: bookingStatus, time: Time }), { description: 'Its statuses, oldest first.' }),
});

const { status, date, customerId } = Booking.properties;
const bookingSorts = ['bookedAt', 'date'];

export const queries = {
  ...inView('screening.slots', {
    slots: list('The slots with their places', '/screening/slots', Slot, {
      filters: { status: Slot.properties.status, date, hospitalName: HospitalName },
      sorts: ['date', 'left'],
    }),
    slot: one('One slot', '/screening/slots/{slotId}', Slot),
  }),
  ...inView('screening.bookings', {
    slotBookings: list("A slot's bookings", '/screening/slots/{slotId}/bookings', Booking, {
      filters: { status },
      sorts: ['bookedAt'],
    }),
    booking: one('One booking', '/screening/slots/{slotId}/bookings/{bookingId}', Booking),
    bookings: list('Bookings of every slot', '/screening/bookings', Booking, {
      filters: { slotId: Id, status, date, customerId },
      sorts: bookingSorts,
    }),
    customerBookings: list("A customer's bookings", '/screening/customers/{customerId}/bookings', Booking, {
      filters: { status },
      sorts: bookingSorts,
    }),
  }),
};

export const overview = Strict({
  totals: Type.Object(
    { slots: Count, capacity: Count, booked: Count, left: Count },
    { additionalProperties: false, description: 'Over the open slots from today on.' },
  ),
  slots: Type.Array(Slot, {
    maxItems: 200,
    description: 'The open ones from today on, by date; the rest are in /screening/slots.',
  }),
  bookings: Type.Array(Booking, { maxItems: 50, description: 'The newest first.' }),
});

export const schema = {
  name: 'screening',
  title: 'Health screening',
  scope: { kind: 'hospital', field: 'hospitalName' },
  events,
  commands,
  queries,
  access: {
    OpenSlot: staff,
    BookScreening: customer(),
    CancelBooking: customer(),
    DeleteSlot: admin,
    slots: anyone,
    slot: anyone,
    slotBookings: staff,
    booking: customer(),
    bookings: customer(),
    customerBookings: customer(),
  },
  problems: {
    'slot-not-found': { status: 404, title: 'There is no such slot' },
    'slot-already-opened': { status: 409, title: 'A slot with this id exists already' },
    'date-in-past': { status: 422, title: 'The day has passed' },
    'slot-deleted': { status: 409, title: 'The slot is deleted' },
    'slot-full': { status: 409, title: 'No place is left in the slot' },
    'customer-already-booked': { status: 409, title: 'The customer holds an open booking of this slot' },
    'booking-already-exists': { status: 409, title: 'A booking with this id exists already' },
    'booking-not-found': { status: 404, title: 'There is no such booking' },
    'already-canceled': { status: 409, title: 'The booking is cancelled already' },
  },
  overview,
} as const satisfies ContextSchema;

export type ScreeningEvent = EventOf<typeof events>;
