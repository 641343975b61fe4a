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
