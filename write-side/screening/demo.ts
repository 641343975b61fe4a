import type { ScreeningCommand } from '../../schemas/screening.ts';
import type { Demo, DemoCommand } from '../context.ts';

const AREAS = ['분당', '판교', '수지', '강남', '서초', '송파', '잠실', '일산', '평촌', '동탄'];
const KINDS = ['건강검진센터', '내과의원', '종합병원'];
const HOSPITALS = KINDS.flatMap((kind) => AREAS.map((area) => `${area} ${kind}`));

const DAY = -24 * 60;
const DAYS_AHEAD = 7;

/** Hospitals with a slot on each of the next days, and their bookings. */
export const demo: Demo = ({ now, timeZone, id, between, pick, customer }) => {
  const commands: (DemoCommand & ScreeningCommand)[] = [];
  const days = new Intl.DateTimeFormat('sv-SE', { timeZone });
  for (const [index, hospitalName] of HOSPITALS.entries()) {
    const hospitalId = `demo-hospital-${index + 1}`;
    for (let ahead = 1; ahead <= DAYS_AHEAD; ahead++) {
      const date = days.format(now + ahead * 86_400_000);
      const slotId = `${hospitalId}-${date}`;
      const capacity = pick([4, 6, 8, 12]);
      commands.push({ at: DAY, type: 'OpenSlot', data: { slotId, hospitalId, hospitalName, date, capacity } });
      const booked = (index + ahead) % 9 === 0 ? capacity : between(0, Math.floor(capacity * 0.7));
      const book = (at: number) => {
        const of = { slotId, bookingId: id() };
        commands.push({ at, type: 'BookScreening', data: { ...of, customerId: customer() } });
        if (between(1, 8) === 1) commands.push({ at: at + 30, type: 'CancelBooking', data: of });
      };
      for (let bookings = booked; bookings > 0; bookings--) book(between(DAY + 10, -40));
      if (between(1, 3) === 1) book(between(5, 600) / 60);
    }
  }
  return commands;
};
