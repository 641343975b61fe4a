import { expect, test, vi } from 'vitest';

vi.hoisted(() => vi.stubGlobal('localStorage', { getItem: () => 'en', setItem: () => {} }));

const { view: cinema } = await import('./contexts/cinema.ts');
const { view: screening } = await import('./contexts/screening.ts');

const moment = '2026-01-31T12:00';

test('the overview offers no showing that has begun', () => {
  const showing = { status: 'open', seats: 10, left: 5 };
  const showings = [
    { ...showing, showingId: 'begun', startsAt: new Date(moment).toISOString() },
    { ...showing, showingId: 'coming', startsAt: new Date('2026-01-31T12:01').toISOString() },
  ];
  const rows = cinema.rows({ movies: [{ title: '영화', showings }] } as never, Date.parse(moment));
  expect(rows.map(({ to }) => to)).toEqual(['/cinema/showings/coming']);
});

test('the overview counts the places of the sessions to come', () => {
  const sessions = [
    { at: '09:00', capacity: 5, left: 3 },
    { at: '13:30', capacity: 5, left: 4 },
  ];
  const slot = { slotId: 's', hospitalName: '병원', date: '2026-01-31', capacity: 10, booked: 3, left: 7, sessions };
  const [row] = screening.rows({ slots: [slot] } as never, Date.parse(moment));
  expect(row?.value).toMatchObject({ en: '4 of 10 left', ko: '4/10자리 남음' });
});
