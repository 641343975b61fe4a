import { Type } from 'typebox';
import { admin, anyone, customer, staff } from './access.ts';
import { type CommandOf, type ContextSchema, command, type EventOf, event } from './kernel/context.ts';
import { HoldFor, keptPlaces, limitedPlaces, Places as PlacesOfRequest } from './kernel/limited-places.ts';
import { inView, list, one } from './kernel/queries.ts';
import { unsettable } from './kernel/settings.ts';
import { CalendarDay, Count, Id, RevisionText, Status, Strict, Text, Time, UtcTime } from './kernel/values.ts';

/** The most places of a slot: the ids of that many bookings fit into one append, which deleting the slot needs. */
export const MAX_CAPACITY = 10_000;
/** The most bookings that one ForceCancellationDue names, and that one append of an ended slot marks as missed. */
export const BOOKINGS_PER_PORTION = 100;
/** The most sessions of a slot: one in every quarter of an hour. */
const MAX_SESSIONS = 96;

const Capacity = Type.Integer({ minimum: 0, maximum: MAX_CAPACITY, examples: [2] });
const HospitalName = Text(100, '분당서울대학교병원');
const At = Type.String({
  pattern: '^([01]\\d|2[0-3]):[0-5]\\d$',
  description: 'The local time at which a session begins, HH:mm.',
  examples: ['09:00'],
});
/** The session of a booking: absent in a slot that is one whole day. */
const at = { at: Type.Optional(At) };
const Places = Type.Integer({
  ...PlacesOfRequest,
  description: 'The places of one booking: the customer and companions. Left out: 1.',
});
const places = { places: Type.Optional(Places) };
const CancelUntil = Type.String({
  format: 'date',
  description: "The last day on which a booking can be cancelled or rescheduled: at most the slot's day.",
  examples: ['2030-01-30'],
});
const Sessions = (minItems: 0 | 1) =>
  Type.Array(Strict({ at: At, capacity: Capacity }), {
    minItems,
    maxItems: MAX_SESSIONS,
    description: 'The times of day with their places. Without sessions a slot is one whole day.',
    examples: [[{ at: '09:00', capacity: 2 }]],
  });

const slot = {
  slotId: Id,
  hospitalId: Type.Optional(Id),
  hospitalName: HospitalName,
  date: CalendarDay,
  capacity: Capacity,
  sessions: Type.Optional(Sessions(1)),
  cancelUntil: Type.Optional(CancelUntil),
};

/** Holds and waiting lists of slots: each session has its own. */
export const slotPlaces = limitedPlaces({
  context: 'screening',
  prefix: 'ScreeningPlace',
  key: 'slotId',
  path: '/screening/slots/{slotId}',
  things: 'places',
  resource: 'slot',
  full: 'slot-full',
  refusals: ['slot-not-found', 'slot-deleted', 'too-late'],
  poolRefusals: ['no-such-session'],
  pool: at,
  about: { hospitalName: Type.Optional(HospitalName), date: Type.Optional(CalendarDay) },
});

const bookingRef = { slotId: Id, bookingId: Id };

/** The facts of a booking that its events repeat for messages and views. Version 1 had the ids alone. */
const booking = {
  ...bookingRef,
  customerId: Id,
  hospitalName: Type.Optional(HospitalName),
  date: Type.Optional(CalendarDay),
  ...at,
  ...places,
  /** The slot in which a rescheduled booking was made: with `bookingId` it names the booking through all slots. */
  firstSlotId: Type.Optional(Id),
};

/** The revision of the RescheduleRequested event, which distinguishes the attempts to reschedule a booking. */
const request = { request: RevisionText };
const from = Strict({ slotId: Id, ...request });

/** The reasons why the new slot declines a booking. They are names of problems. */
const declining = [
  'slot-not-found',
  'slot-deleted',
  'slot-full',
  'no-such-session',
  'too-late',
  'customer-already-booked',
  'booking-already-exists',
] as const;
const Declining = Status(...declining);

/** The problems of a booking that has ended. */
const ended = ['already-canceled', 'already-rescheduled', 'already-missed'] as const;

/** The problems of a booking that its customer can neither give up nor use. */
const notOpen = ['booking-not-found', ...ended, 'already-attended', 'reschedule-pending'] as const;

export const events = {
  ...slotPlaces.events,
  SlotOpened: event(
    'A slot was opened: a hospital, a day and its places',
    Strict({
      ...slot,
      holdFor: Type.Optional(HoldFor),
      endsAt: Type.Optional({ ...UtcTime, description: "The end of the slot's day. Absent in version 1." }),
    }),
    2,
  ),
  SlotChanged: event(
    'The capacity, the sessions or the deadline of a slot changed; these are the new ones',
    Strict({ slotId: Id, capacity: Capacity, sessions: slot.sessions, cancelUntil: CancelUntil }),
  ),
  ScreeningBooked: event(
    'Places were booked for a customer',
    Strict({
      ...booking,
      hospitalName: HospitalName,
      date: CalendarDay,
      cancelUntil: Type.Optional(CancelUntil),
      /** The slot that a rescheduled booking comes from. */
      from: Type.Optional(from),
      ...keptPlaces.fields,
    }),
    2,
  ),
  BookingCanceled: event('The booking was cancelled and its places are free', Strict(booking), 2),
  RescheduleRequested: event(
    'The customer wants to move to another slot; the booking stands until that slot has taken it',
    Strict({ ...booking, ...request, toSlotId: Id, toAt: Type.Optional(At) }),
  ),
  RescheduleDeclined: event(
    'The slot has not taken a booking of another slot, which therefore stands',
    Strict({ ...bookingRef, customerId: Id, from, reason: Declining }),
  ),
  RescheduleRefused: event(
    'The other slot has not taken the booking, which stands',
    Strict({ ...booking, toSlotId: Id, toAt: Type.Optional(At), reason: Declining }),
  ),
  BookingRescheduled: event(
    'The other slot has taken the booking, and its places here are free',
    Strict({ ...booking, toSlotId: Id, toAt: Type.Optional(At) }),
  ),
  ScreeningAttended: event('The customer came to the screening', Strict(booking)),
  SlotEnded: event(
    'The day of the slot ended; bookings beyond this append are marked as missed next',
    Strict({ slotId: Id, remaining: Count }),
  ),
  SessionPlacesClosed: event(
    'The session began; its holds and waiting entries beyond this append end next',
    Strict({ slotId: Id, at: At, remaining: Count }),
  ),
  BookingMissed: event('The customer did not come to the screening', Strict(booking)),
  SlotDeleted: event(
    'The slot was deleted; its open bookings are cancelled next, and its holds and waiting entries end',
    Strict({
      slotId: Id,
      openBookings: Count,
      remaining: Type.Optional(Type.Integer({ ...Count, description: 'Holds and waiting entries that end next.' })),
    }),
    2,
  ),
  ForceCancellationDue: event(
    'Names up to 100 bookings that were open when the slot was deleted, to be cancelled',
    Strict({
      slotId: Id,
      portion: Count,
      bookingIds: Type.Array(Id, { minItems: 1, maxItems: BOOKINGS_PER_PORTION, examples: [['booking-1']] }),
    }),
  ),
  BookingForceCanceled: event('The booking was cancelled because its slot was deleted', Strict(booking), 2),
  DayClaimed: event(
    'A slot got a day of the hospital: no other slot of that day opens',
    Strict({ hospitalId: Id, hospitalName: HospitalName, date: CalendarDay, slotId: Id }),
  ),
  SlotVoided: event(
    'The slot had claimed a day and was never opened; another slot got the day, and this one never opens',
    Strict({ slotId: Id, hospitalId: Id, date: CalendarDay }),
  ),
};

const newSlot = { ...slot, capacity: Type.Optional(Capacity), holdFor: Type.Optional(HoldFor) };

const slotChange = {
  slotId: Id,
  capacity: Type.Optional(Capacity),
  sessions: Type.Optional(Sessions(0)),
};

const newBooking = { ...bookingRef, customerId: Id, ...at, ...places, ...keptPlaces.fields };

const BookedAnswer = Strict({
  ...newBooking,
  hospitalName: HospitalName,
  date: CalendarDay,
  cancelUntil: Type.Optional(CancelUntil),
  status: Status('booked'),
});

const BOOKING = '/screening/slots/{slotId}/bookings/{bookingId}';

export const commands = {
  ...slotPlaces.commands,
  OpenSlot: command(
    'Open a slot (staff)',
    Strict(newSlot),
    {
      route: 'POST /screening/slots',
      id: 'slotId',
      answer: Strict({ ...slot, holdFor: newSlot.holdFor, status: Status('open') }),
    },
    [
      'slot-already-opened',
      'slot-already-open',
      'slot-deleted',
      'too-late',
      'date-in-past',
      'invalid-places',
      'invalid-deadline',
      'hospital-name-differs',
    ],
  ),
  ClaimDay: command(
    'Get a day of a hospital for a slot, in place of slots that have yielded theirs',
    Strict({
      hospitalId: Id,
      hospitalName: HospitalName,
      date: CalendarDay,
      slotId: Id,
      over: Type.Optional(Type.Array(Strict({ slotId: Id, date: CalendarDay }))),
    }),
  ),
  ReadClaims: command('Read the days that the slots of a hospital have', Strict({ hospitalId: Id })),
  YieldDay: command(
    'Refuse if the slot is open on this day of the hospital; otherwise it never opens on it',
    Strict({ slotId: Id, hospitalId: Id, date: CalendarDay }),
  ),
  ChangeSlot: command(
    'Change the capacity, the sessions or the deadline for cancelling (staff); without a deadline (`null`) it is the day before',
    Strict({ ...slotChange, cancelUntil: unsettable(CancelUntil) }),
    {
      route: 'PATCH /screening/slots/{slotId}',
      answer: Strict({ ...slotChange, cancelUntil: Type.Optional(CancelUntil), status: Status('open') }),
    },
    ['slot-not-found', 'slot-deleted', 'too-late', 'capacity-below-booked', 'invalid-places', 'invalid-deadline'],
  ),
  BookScreening: command(
    'Book places: free ones, or those that `holdId` holds or that were offered to `entryId`',
    Strict(newBooking),
    { route: 'POST /screening/slots/{slotId}/bookings', id: 'bookingId', answer: BookedAnswer },
    [...declining, ...ended, ...keptPlaces.problems],
  ),
  CancelBooking: command(
    'Give the places back',
    Strict(bookingRef),
    { route: `DELETE ${BOOKING}`, answer: Strict({ ...bookingRef, status: Status('canceled') }) },
    ['slot-not-found', ...notOpen, 'too-late'],
  ),
  RescheduleBooking: command(
    'Move a booking to another slot or session',
    Strict({ fromSlotId: Id, bookingId: Id, slotId: Id, ...at }),
    {
      route: 'POST /screening/slots/{fromSlotId}/bookings/{bookingId}/reschedule',
      location: BOOKING,
      answer: Strict({ ...bookingRef, ...at, status: Status('booked') }),
    },
    [...declining, 'same-session', ...notOpen],
  ),
  CheckBooking: command('Refuse unless the booking is open', Strict(bookingRef)),
  CheckPlaces: command('Refuse unless the slot takes bookings and has a place', Strict({ slotId: Id, ...at })),
  TakeRescheduled: command(
    'Take a booking of another slot, or decline it',
    Strict({ ...bookingRef, customerId: Id, ...at, ...places, firstSlotId: Id, from }),
  ),
  CheckRescheduled: command(
    'Refuse if the slot has declined the booking of another slot',
    Strict({ ...bookingRef, from }),
  ),
  SettleReschedule: command(
    'Release the places of a booking that another slot has taken; with a reason, the booking stands',
    Strict({ ...bookingRef, ...request, reason: Type.Optional(Declining) }),
  ),
  RecordAttendance: command(
    'Record that the customer came (staff)',
    Strict(bookingRef),
    { route: `POST ${BOOKING}/attendance`, answer: Strict({ ...bookingRef, status: Status('attended') }) },
    ['slot-not-found', ...notOpen, 'too-early', 'too-late'],
  ),
  EndSlot: command('Close a slot at the end of its day, and mark bookings as missed', Strict({ slotId: Id })),
  EndSession: command(
    'End the next holds and waiting entries of a session that has begun',
    Strict({ slotId: Id, at: At }),
  ),
  EndRemaining: command(
    'End the next bookings, holds and waiting entries of a slot that has ended, or that was deleted',
    Strict({ slotId: Id }),
  ),
  DeleteSlot: command(
    'Delete a slot and cancel its open bookings (administrators)',
    Strict({ slotId: Id }),
    {
      route: 'DELETE /screening/slots/{slotId}',
      answer: Strict({ slotId: Id, status: Status('deleted'), openBookings: Count }),
    },
    ['slot-not-found', 'slot-deleted', 'too-late'],
  ),
  ForceCancelBooking: command('Cancel a booking of a deleted slot, if it is still open', Strict(bookingRef)),
};

const taken = {
  onHold: Type.Integer({ minimum: 0, description: 'Places that are held, or offered to waiting customers.' }),
  waiting: Type.Integer({ minimum: 0, description: 'Entries in the waiting list that have no offer.' }),
};

const Slot = Strict({
  ...slot,
  status: Status('open', 'ended', 'deleted'),
  booked: Capacity,
  ...taken,
  left: Capacity,
  holdFor: Type.Optional(HoldFor),
  attended: Capacity,
  missed: Capacity,
  sessions: Type.Optional(
    Type.Array(Strict({ at: At, capacity: Capacity, booked: Capacity, ...taken, left: Capacity }), {
      description: 'The times of day with their places. Without sessions a slot is one whole day.',
    }),
  ),
});

const bookingStatus = Status('booked', 'canceled', 'force-canceled', 'rescheduled', 'attended', 'missed');

const Booking = Strict({
  ...bookingRef,
  customerId: Id,
  hospitalName: HospitalName,
  date: CalendarDay,
  ...at,
  places: Places,
  cancelUntil: Type.Optional(CancelUntil),
  status: bookingStatus,
  bookedAt: Time,
  history: Type.Array(Strict({ status: bookingStatus, time: Time }), { description: 'Its statuses, oldest first.' }),
});

const { status, date, customerId } = Booking.properties;
const bookingSorts = ['bookedAt', 'date'];

export const queries = {
  ...slotPlaces.queries,
  ...inView('screening.slots', {
    slots: list('The slots with their places', '/screening/slots', Slot, {
      filters: { status: Slot.properties.status, date, hospitalName: HospitalName, hospitalId: Id },
      closed: ['ended', 'deleted'],
      closedBy: 'date',
      sorts: ['date', 'left'],
      range: 'date',
      prefix: 'hospitalName',
    }),
    slot: one('One slot', '/screening/slots/{slotId}', Slot, { search: { hospitalName: 'name', slotId: 'id' } }),
  }),
  ...inView('screening.bookings', {
    slotBookings: list("A slot's bookings", '/screening/slots/{slotId}/bookings', Booking, {
      filters: { status },
      range: 'bookedAt',
    }),
    booking: one('One booking', '/screening/slots/{slotId}/bookings/{bookingId}', Booking, {
      search: { bookingId: 'id' },
    }),
    bookings: list('Bookings of every slot', '/screening/bookings', Booking, {
      filters: { slotId: Id, status, date, customerId },
      sorts: bookingSorts,
      range: 'bookedAt',
      prefix: 'hospitalName',
    }),
  }),
  ...inView('screening.customerBookings', {
    customerBookings: list(
      "A customer's bookings, each with its history through all slots",
      '/screening/customers/{customerId}/bookings',
      Booking,
      { filters: { status }, sorts: bookingSorts, range: 'bookedAt' },
    ),
  }),
};

const overview = Strict({
  totals: Type.Object(
    { slots: Count, capacity: Count, booked: Count, left: Count },
    {
      additionalProperties: false,
      description: 'Over the open slots from today on; `left` without the sessions that have begun.',
    },
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
    ...slotPlaces.access,
    OpenSlot: staff,
    BookScreening: customer(),
    CancelBooking: customer(),
    RescheduleBooking: customer(),
    ChangeSlot: staff,
    RecordAttendance: staff,
    DeleteSlot: admin,
    slots: anyone,
    slot: anyone,
    slotBookings: staff,
    booking: customer(),
    bookings: customer(),
    customerBookings: customer(),
  },
  problems: {
    ...slotPlaces.problems,
    'slot-not-found': { status: 404, title: 'There is no such slot' },
    'slot-already-opened': { status: 409, title: 'A slot with this id exists already' },
    'date-in-past': { status: 422, title: 'The day has passed' },
    'slot-deleted': { status: 409, title: 'The slot is deleted' },
    'slot-full': { status: 409, title: 'No place is left in the slot' },
    'customer-already-booked': { status: 409, title: 'The customer holds an open booking of this slot' },
    'booking-already-exists': { status: 409, title: 'A booking with this id exists already' },
    'booking-not-found': { status: 404, title: 'There is no such booking' },
    'already-canceled': { status: 409, title: 'The booking is cancelled already' },
    'already-rescheduled': { status: 409, title: 'The booking was moved to another slot' },
    'already-attended': { status: 409, title: 'The customer came to the screening already' },
    'already-missed': { status: 409, title: 'The customer did not come to the screening' },
    'reschedule-pending': { status: 409, title: 'The booking is being moved to another slot' },
    'same-session': { status: 409, title: 'The booking has this slot and session already' },
    'too-early': { status: 409, title: "The slot's day has not come" },
    'too-late': { status: 409, title: 'The time for this has passed' },
    'no-such-session': { status: 422, title: 'The slot has no such session' },
    'slot-already-open': { status: 409, title: 'The hospital has a slot on this day' },
    'hospital-name-differs': { status: 409, title: 'The hospital has another name' },
    'capacity-below-booked': { status: 409, title: 'More places are booked than would be left' },
    'invalid-places': { status: 422, title: 'The capacity and the sessions do not fit together' },
    'invalid-deadline': { status: 422, title: "Cancelling would end after the slot's day" },
  },
  overview,
  report: {
    occupancy: 'booked places of all places of the slots of the day, without deleted ones.',
    places: {
      view: 'screening.slots',
      at: 'date',
      taken: 'booked',
      capacity: 'capacity',
      only: { status: ['open', 'ended'] },
    },
  },
} as const satisfies ContextSchema;

export type ScreeningEvent = EventOf<typeof events>;
export type ScreeningCommand = CommandOf<typeof commands>;
