import {
  BrokenCircuitError,
  CircuitState,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  retry,
  SamplingBreaker,
  wrap,
} from 'cockatiel';
import { machine } from '../../platform/machine/machine.ts';
import type { ChargeState } from './contract.ts';
import type { Payments } from './payments.ts';

export type PaymentsOptions = {
  /** The provider's URL; see contract.ts. */
  url: string;
  /** Milliseconds for one call. A call is made up to three times. */
  timeoutMs: number;
  /** The calls within ten seconds from which on the circuit opens when more than half of them failed. */
  breakFrom?: number;
  /** Milliseconds until an open circuit lets one call through. */
  halfOpenAfter?: number;
};

/** A final refusal: nothing was charged, and a retry would have the same result. */
class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

const CURRENCY = 'KRW';
const RETRIES = 2;
const SAMPLE_MS = 10_000;

/** Calls a payment provider: each call with a deadline, retries under the same key, and a circuit breaker around it. */
export const connectPayments = ({
  url,
  timeoutMs,
  breakFrom = 10,
  halfOpenAfter = 5_000,
}: PaymentsOptions): Payments => {
  const base = url.replace(/\/$/, '');
  let openedAt = 0;
  const breaker = circuitBreaker(
    handleWhen((error) => !(error instanceof RefusedError)),
    {
      breaker: new SamplingBreaker({
        threshold: 0.5,
        duration: SAMPLE_MS,
        minimumRps: (breakFrom * 1_000) / SAMPLE_MS,
      }),
      halfOpenAfter,
    },
  );
  breaker.onBreak(() => {
    openedAt = machine.elapsed();
  });
  const patiently = wrap(
    retry(
      handleWhen((error) => !(error instanceof RefusedError || error instanceof BrokenCircuitError)),
      { maxAttempts: RETRIES, backoff: new ExponentialBackoff({ initialDelay: 50, maxDelay: 500 }) },
    ),
    breaker,
  );

  /** @throws RefusedError for a 4xx but 404, Error when the outcome is unknown */
  const call = async (method: string, path: string, body?: object): Promise<ChargeState | undefined> => {
    const response = await fetch(base + path, {
      method,
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
    });
    if (response.status === 404) return undefined;
    if (response.status >= 400 && response.status < 500 && response.status !== 429)
      throw new RefusedError(`${method} was refused with ${response.status}`);
    if (response.status !== 200) throw new Error(`${method} was answered with ${response.status}`);
    return (await response.json()) as ChargeState;
  };

  return {
    async charge(key, charge) {
      let attempts = 0;
      // A refused repetition says nothing about an attempt before it that had no answer.
      const refused = () => (attempts > 1 ? 'unknown' : 'declined');
      try {
        const answer = await patiently.execute(() => {
          attempts += 1;
          return call('PUT', `/charges/${key}`, { ...charge, currency: CURRENCY });
        });
        if (!answer) return refused();
        return answer.state === 'approved' ? 'approved' : 'declined';
      } catch (error) {
        if (error instanceof RefusedError) return refused();
        return attempts > 0 ? 'unknown' : 'unavailable';
      }
    },
    find: (key) => patiently.execute(() => call('GET', `/charges/${key}`)),
    async undo(key) {
      const answer = await patiently.execute(() => call('PUT', `/charges/${key}/undo`));
      if (answer?.state !== 'undone') throw new Error('the provider undid nothing');
      return answer.charged;
    },
    circuit() {
      if (breaker.state === CircuitState.Closed) return 'closed';
      const isWaiting = breaker.state === CircuitState.Open && machine.elapsed() < openedAt + halfOpenAfter;
      return isWaiting ? 'open' : 'half-open';
    },
  };
};
