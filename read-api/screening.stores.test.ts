import { afterAll, beforeAll, expect, it } from 'vitest';
import { readSide } from './screening.ts';
import { startDatabase } from './testing.ts';

let database: Awaited<ReturnType<typeof startDatabase>>;

beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.stop());

it('counts the slots from today on, by the day of the time zone', async () => {
  const { db } = database;
  const slot = { hospitalName: 'x', capacity: 3, booked: 1, left: 2, status: 'open' };
  const dates = ['2030-01-30', '2030-01-31', '2030-02-01'];
  await db.collection('screening.slots').insertMany(dates.map((date) => ({ ...slot, slotId: date, date })));
  const datesAt = async (now: string, timeZone: string) => {
    const overview = (await readSide.overview(db, { now, timeZone })) as { slots: { date: string }[] };
    return overview.slots.map(({ date }) => date);
  };
  const beforeMidnightInSeoul = '2030-01-30T14:59:59.999Z';
  const midnightInSeoul = '2030-01-30T15:00:00.000Z';
  expect(await datesAt(beforeMidnightInSeoul, 'Asia/Seoul')).toEqual(dates);
  expect(await datesAt(midnightInSeoul, 'Asia/Seoul')).toEqual(dates.slice(1));
  expect(await datesAt(midnightInSeoul, 'UTC')).toEqual(dates);
});

it('counts no free place of a session that has begun', async () => {
  const { db } = database;
  const session = (at: string, left: number) => ({ at, capacity: 5, booked: 5 - left, onHold: 0, waiting: 0, left });
  const slot = { hospitalName: 'y', capacity: 10, booked: 4, left: 6, status: 'open' };
  await db.collection('screening.slots').insertMany([
    { ...slot, slotId: 'today', date: '2031-01-31', sessions: [session('09:00', 4), session('13:00', 2)] },
    { ...slot, slotId: 'later', date: '2031-02-01', sessions: [session('09:00', 4), session('13:00', 2)] },
  ]);
  const leftAt = async (now: string) => {
    const { totals } = (await readSide.overview(db, { now, timeZone: 'Asia/Seoul' })) as { totals: { left: number } };
    return totals.left;
  };
  expect(await leftAt('2031-01-30T23:59:59.999Z')).toBe(12);
  expect(await leftAt('2031-01-31T00:00:00.000Z')).toBe(8);
  expect(await leftAt('2031-01-31T04:00:00.000Z')).toBe(6);
  expect(await leftAt('2031-01-31T15:00:00.000Z')).toBe(6);
});
