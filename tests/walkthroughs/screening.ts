import { calendarDay } from '../../schemas/kernel/calendar.ts';
import { call } from '../support/plaza.ts';

export type Slot = { capacity: number; booked: number; left: number; status: string };
export type Booking = {
  bookingId: string;
  customerId: string;
  status: string;
  bookedAt: string;
  history: { status: string; time: string }[];
};
export type Event = { type: string; position: string; data: { bookingId?: string } };
export type Page<Item> = { items: Item[]; next?: string };

export const reaching = (position: string | null) => ({ 'Min-Event-Position': position ?? '', Prefer: 'wait=20' });

/** Reads every item of a list, page by page. */
export const allOf = async <Item>(url: string, path: string, headers: Record<string, string> = {}): Promise<Item[]> => {
  const items: Item[] = [];
  let next: string | undefined;
  do {
    const cursor = next === undefined ? '' : `&cursor=${next}`;
    const { body } = await call<Page<Item>>(url, 'GET', `${path}?limit=200${cursor}`, undefined, headers);
    items.push(...body.items);
    next = body.next;
  } while (next !== undefined);
  return items;
};

/** Reads a document, each time as soon as its view has moved. */
export const following = <Body>(url: string, path: string) => {
  let headers: Record<string, string> = {};
  return async () => {
    const answer = await call<Body>(url, 'GET', path, undefined, headers);
    const position = answer.headers.get('View-Position');
    if (position !== null) headers = { 'Min-Event-Position': String(BigInt(position) + 1n), Prefer: 'wait=5' };
    return answer;
  };
};

/** A time zone in which it is about noon: the day does not end during the tests. */
export const noonZone = () => {
  const offset = 12 - new Date().getUTCHours();
  return offset === 0 ? 'Etc/UTC' : `Etc/GMT${offset > 0 ? '-' : '+'}${Math.abs(offset)}`;
};
export const dayIn = (timeZone: string, days = 0) =>
  calendarDay(new Date(Date.now() + days * 86_400_000).toISOString(), timeZone);

export const openSlot = (url: string, slotId: string, capacity: number) =>
  call(url, 'POST', '/screening/slots', { slotId, hospitalName: '분당서울대학교병원', date: '2030-01-31', capacity });

export const book = (
  url: string,
  slotId: string,
  bookingId: string,
  customerId: string,
  headers?: Record<string, string>,
) => call(url, 'POST', `/screening/slots/${slotId}/bookings`, { bookingId, customerId }, headers);
