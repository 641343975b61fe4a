import { beforeAll, describe, expect, test } from 'vitest';
import { findNginx } from '../../deploy/nginx.ts';
import { NEXT_VERSION } from './next-version.ts';
import { type Outcome, rehearse } from './rehearsal.ts';

/** `npm run rehearse` is the same with 100,000 requests, as fast as the clients can. */
const REQUESTS = 2_000;
const CLIENTS = 100;

const nginx = findNginx();

describe.skipIf(!nginx)(
  'two write sides and two read APIs that are replaced under load, by themselves and by a new version (needs nginx)',
  () => {
    let outcome: Outcome;
    beforeAll(async () => {
      outcome = await rehearse(nginx ?? '', { clients: CLIENTS, requests: REQUESTS / 2, pace: 700 });
    });

    test('leave no request unanswered, and answer each one correctly', () => {
      expect(outcome.requests).toBeGreaterThanOrEqual(REQUESTS);
      expect([...outcome.kinds.keys()].sort()).toEqual([
        'DELETE',
        'GET',
        'GET list',
        'GET one',
        'PATCH',
        'POST',
        'POST again',
        'POST with a key',
        'POST with an id',
        'PUT',
      ]);
      expect(outcome.wrong).toEqual([]);
    });

    test('have done each command once', () => {
      expect(outcome.lostOrDoubled).toEqual([]);
    });

    test('run the new version at the end, whose events are stored and whose views are built', () => {
      expect(outcome.versions).toEqual([NEXT_VERSION, NEXT_VERSION]);
      expect(outcome.newEvents).toBeGreaterThan(0);
      expect(outcome.parked).toBe(0);
      expect(outcome.verified).toMatch(/^parking\.reservations: [1-9]\d* documents .* 0 differ$/m);
      expect(outcome.verified).not.toMatch(/, [1-9]\d* differ/);
    });
  },
);
