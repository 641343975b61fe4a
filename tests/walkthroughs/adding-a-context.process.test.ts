import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { copyWithLibrary } from '../support/guide.ts';
import { callUnchecked as call, localToken, temporaryData, viewsAreBuilt } from '../support/plaza.ts';
import { type Program, startProgram } from '../support/processes.ts';

/** A program of the copy: a Plaza with all contexts and no sign-in, and one with the new context and sign-in. */
const BOTH = `
import { openPlaza } from '../tests/support/plaza.ts';
const settings = JSON.parse(process.env.BOTH);
const opened = await Promise.all(settings.map((each) => openPlaza(each)));
console.log('listens on ' + opened.map(({ url }) => url).join(' '));
`;

const data = temporaryData();
const copy = join(data.folder, 'copy');
const folderOf = (isSignInOn: boolean) => join(data.folder, `data-${isSignInOn}`);
let program: Program;

beforeAll(async () => {
  copyWithLibrary(copy).write('programs/both.ts', BOTH);
  const settings = [
    { PLAZA_DATA: folderOf(false) },
    { PLAZA_DATA: folderOf(true), AUTH: 'on', PAYMENT_URL: 'sandbox', PLAZA_CONTEXTS: 'library' },
  ];
  program = await startProgram('both', { BOTH: JSON.stringify(settings) }, copy);
});
afterAll(async () => {
  await program?.end();
  data.remove();
});

describe.each([false, true])('its context, with sign-in on: %s', (isSignInOn) => {
  const folder = folderOf(isSignInOn);
  let url: string;
  beforeAll(async () => {
    url = program.output().match(/http:\/\/\S+/g)![isSignInOn ? 1 : 0]!;
    await viewsAreBuilt(url, await as('staff', 'desk'));
  });

  const as = async (role: string, sub: string): Promise<Record<string, string>> =>
    isSignInOn ? { Authorization: `Bearer ${await localToken(folder, '--role', role, '--sub', sub)}` } : {};

  test('lends a book and takes it back', async () => {
    const [staff, kim, lee] = [await as('staff', 'ann'), await as('customer', 'kim'), await as('customer', 'lee')];
    expect((await call(url, 'POST', '/library/books', { bookId: 'b1', title: '토지' }, staff)).status).toBe(201);
    const lent = await call(url, 'POST', '/library/books/b1/loans', { loanId: 'l1', readerId: 'kim' }, kim);
    expect(lent).toMatchObject({ status: 201, body: { status: 'lent' } });
    expect(await call(url, 'POST', '/library/books/b1/loans', { loanId: 'l2', readerId: 'lee' }, lee)).toMatchObject({
      status: 409,
      body: { type: '/problems/book-not-available' },
    });
    const reached = { 'Min-Event-Position': lent.headers.get('Event-Position') ?? '', Prefer: 'wait=10' };
    const books = await call(url, 'GET', '/library/books?status=lent&sort=title', undefined, { ...kim, ...reached });
    expect(books.body).toMatchObject({ items: [{ bookId: 'b1', readerId: 'kim' }] });
    const center = await call(url, 'GET', '/control-center', undefined, { ...staff, ...reached });
    expect(center.body).toMatchObject({ contexts: { library: { books: 1, lent: 1 } } });

    const bringBack = (who: Record<string, string>) =>
      call(url, 'POST', '/library/books/b1/loans/l1/return', undefined, who);
    if (isSignInOn) {
      expect((await bringBack({})).status).toBe(401);
      expect((await bringBack(lee)).status).toBe(404);
      const forKim = { loanId: 'l3', readerId: 'kim' };
      expect((await call(url, 'POST', '/library/books/b1/loans', forKim, lee)).status).toBe(403);
    }
    expect(await bringBack(kim)).toMatchObject({ status: 200, body: { status: 'returned' } });
  });
});
