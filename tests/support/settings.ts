/** A busy machine must not turn answers into 503s. Tests of faults use SHIPPED instead. */
export const PATIENT = { COMMAND_TIMEOUT_MS: '20000', QUERY_TIMEOUT_MS: '20000' };

/** Settings of every program that a test opens: any free port. */
export const ANY_PORTS = {
  PORT: '0',
  WRITE_SIDE_PORT: '0',
  READ_API_PORT: '0',
  PROJECTIONS_PORT: '0',
  POLICIES_PORT: '0',
};
