import { testHostileRequests } from '../security/hostile/withstand.ts';
import { startProgram } from '../support/processes.ts';

const start = async (env: Record<string, string>) => {
  const plaza = await startProgram('all-in-one', env);
  return { ...plaza, close: () => plaza.end() };
};

testHostileRequests(start, {
  requests: 10_000,
  statuses: [200, 201, 400, 404, 405, 409, 412, 413, 415, 422, 503],
  inSequences: 400,
  operations: 20,
});
