import { openPlaza } from '../../support/plaza.ts';
import { testHostileRequests } from './withstand.ts';

testHostileRequests(openPlaza, {
  requests: 1_000,
  statuses: [200, 201, 400, 404, 405, 409, 415],
  inSequences: 100,
  operations: 10,
});
