import { endpointContract, inStream } from '../testing.ts';
import { writeSide } from './index.ts';

type Event = { type: string; data: object };
const inSlot = (slotId: string, ...events: Event[]) => inStream(`screeningSlot-${slotId}`, ...events);
const slot = (...events: Event[]) => inSlot('s1', ...events);

/** The day of the specifications' requests is 2026-01-31; the slot is on the next one. */
const IN_FIVE_MINUTES = '2026-01-31T09:05:00.000Z';
const about = { hospitalName: '분당서울대학교병원', date: '2026-02-01' };
const opening = { slotId: 's1', ...about, capacity: 1, cancelUntil: '2026-01-31' };
const opened = (more: object = {}): Event => ({
  type: 'SlotOpened',
  data: { ...opening, endsAt: '2026-02-01T15:00:00.000Z', ...more },
});
const deleted = { type: 'SlotDeleted', data: { slotId: 's1', openBookings: 0 } };
const named = { slotId: 's1', bookingId: 'b1' };
const booking = { ...named, customerId: 'CUST1', ...about };
const booked = { type: 'ScreeningBooked', data: { ...booking, cancelUntil: '2026-01-31' } };
const canceled = { type: 'BookingCanceled', data: booking };
const ofOther = ({ type, data }: Event): Event => ({ type, data: { ...data, customerId: 'CUST2' } });
const bookedByOther = ofOther(booked);
const canceledByOther = ofOther(canceled);
const attended = { type: 'ScreeningAttended', data: { ...booking, date: '2026-01-31' } };
const hold = { holdId: 'h1', customerId: 'CUST1', places: 1 };
const held = { type: 'ScreeningPlaceHeld', data: { slotId: 's1', ...about, ...hold, expiresAt: IN_FIVE_MINUTES } };
const released = { type: 'ScreeningPlaceHoldReleased', data: { slotId: 's1', ...about, ...hold } };
const entry = { entryId: 'e1', customerId: 'CUST1', places: 1 };
const joined = { type: 'ScreeningPlaceWaitingListJoined', data: { slotId: 's1', ...about, ...entry } };
const left = { type: 'ScreeningPlaceWaitingListLeft', data: { slotId: 's1', ...about, ...entry } };

const other = inSlot('s2', opened({ slotId: 's2', date: '2026-02-02', cancelUntil: '2026-02-01' }));
const elsewhere = { slotId: 's2', bookingId: 'b1', customerId: 'CUST1', hospitalName: about.hospitalName };

const SLOT = '/screening/slots/{slotId}';
const BOOKING = `${SLOT}/bookings/{bookingId}`;

endpointContract(writeSide, {
  'POST /screening/slots': {
    data: opening,
    answer: { ...opening, status: 'open' },
    stored: slot(opened()),
    refused: { 'slot-already-opened': slot(opened({ capacity: 2 })) },
  },
  [`PATCH ${SLOT}`]: {
    given: slot(opened()),
    data: { slotId: 's1', capacity: 2 },
    answer: { slotId: 's1', capacity: 2, status: 'open' },
    stored: slot({ type: 'SlotChanged', data: { slotId: 's1', capacity: 2, cancelUntil: '2026-01-31' } }),
    refused: { 'slot-deleted': slot(deleted) },
  },
  [`DELETE ${SLOT}`]: {
    given: slot(opened()),
    data: { slotId: 's1' },
    answer: { slotId: 's1', status: 'deleted', openBookings: 0 },
    stored: slot(deleted),
    refused: { 'slot-deleted': slot(deleted) },
  },
  [`POST ${SLOT}/holds`]: {
    given: slot(opened()),
    data: { slotId: 's1', ...hold },
    answer: { slotId: 's1', ...about, ...hold, expiresAt: IN_FIVE_MINUTES, status: 'held' },
    stored: slot(held),
    refused: { 'slot-full': slot(booked) },
  },
  [`DELETE ${SLOT}/holds/{holdId}`]: {
    given: slot(opened(), held),
    data: { slotId: 's1', holdId: 'h1' },
    answer: { slotId: 's1', holdId: 'h1', status: 'released' },
    stored: slot(released),
    refused: { 'hold-ended': slot(released) },
  },
  [`POST ${SLOT}/waiting-list`]: {
    given: slot(opened(), bookedByOther),
    data: { slotId: 's1', ...entry },
    answer: { slotId: 's1', ...entry, status: 'waiting' },
    stored: slot(joined),
    refused: { 'places-left': slot(canceledByOther) },
  },
  [`DELETE ${SLOT}/waiting-list/{entryId}`]: {
    given: slot(opened(), bookedByOther, joined),
    data: { slotId: 's1', entryId: 'e1' },
    answer: { slotId: 's1', entryId: 'e1', status: 'left' },
    stored: slot(left),
    refused: { 'entry-ended': slot(left) },
  },
  [`POST ${SLOT}/bookings`]: {
    given: slot(opened()),
    data: { ...named, customerId: 'CUST1' },
    answer: { ...booking, cancelUntil: '2026-01-31', status: 'booked' },
    stored: slot(booked),
    refused: { 'slot-full': slot(held), 'slot-deleted': slot(deleted) },
  },
  [`DELETE ${BOOKING}`]: {
    given: slot(opened(), booked),
    data: named,
    answer: { ...named, status: 'canceled' },
    stored: slot(canceled),
    refused: { 'already-canceled': slot(canceled) },
  },
  [`POST ${SLOT.replace('slotId', 'fromSlotId')}/bookings/{bookingId}/reschedule`]: {
    given: [...slot(opened(), booked), ...other],
    data: { fromSlotId: 's1', bookingId: 'b1', slotId: 's2' },
    answer: { slotId: 's2', bookingId: 'b1', status: 'booked' },
    stored: [
      ...slot({ type: 'RescheduleRequested', data: { ...booking, request: '2', toSlotId: 's2' } }),
      ...inSlot('s2', {
        type: 'ScreeningBooked',
        data: {
          ...elsewhere,
          date: '2026-02-02',
          cancelUntil: '2026-02-01',
          firstSlotId: 's1',
          from: { slotId: 's1', request: '2' },
        },
      }),
      ...slot({ type: 'BookingRescheduled', data: { ...booking, toSlotId: 's2' } }),
    ],
    refused: { 'slot-deleted': inSlot('s2', { ...deleted, data: { ...deleted.data, slotId: 's2' } }) },
  },
  [`POST ${BOOKING}/attendance`]: {
    given: slot(opened({ date: '2026-01-31', endsAt: '2026-01-31T15:00:00.000Z' }), booked),
    data: named,
    answer: { ...named, status: 'attended' },
    stored: slot(attended),
    refused: { 'already-attended': slot(attended) },
  },
});
