import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  retry,
  wrap,
} from 'cockatiel';
import type { Charge, ChargeState } from './contract.ts';

/** What became of a charge. `unknown`: it may have been made. `unavailable`: it was certainly not. */
export type ChargeOutcome = 'approved' | 'declined' | 'unknown' | 'unavailable';

/** A payment provider, as Plaza calls it. */
export type Payments = {
  /** Takes money, at most once for a key. Never rejects. */
  charge(key: string, charge: Omit<Charge, 'currency'>): Promise<ChargeOutcome>;
  /**
   * What the provider knows about a key.
   * @returns nothing for a key that it never saw
   * @throws Error when it can't be asked
   */
  find(key: string): Promise<ChargeState | undefined>;
  /**
   * Gives back what was taken under a key, if anything was, and has nothing taken later.
   * @returns whether money was taken
   * @throws Error when it can't be asked
   */
  undo(key: string): Promise<boolean>;
  /** `open`: calls are not even tried; `half-open`: the next one tells. */
  circuit(): 'closed' | 'half-open' | 'open';
};

export type PaymentsOptions = {
  /** Of the provider; see contract.ts. */
  url: string;
  /** Milliseconds for one call; it is made up to three times. */
  timeoutMs: number;
  currency?: string;
  /** Calls that fail one after the other until no more are made. */
  breakAfter?: number;
  /** Milliseconds until one is tried again. */
  halfOpenAfter?: number;
};

/** An answer that settles the matter: nothing was done, and the same again would end the same. */
class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

const RETRIES = 2;

/** Calls a payment provider: each call with a deadline, retries under the same key, and a circuit breaker around it. */
export const connectPayments = ({
  url,
  timeoutMs,
  currency = 'KRW',
  breakAfter = 10,
  halfOpenAfter = 5_000,
}: PaymentsOptions): Payments => {
  const base = url.replace(/\/$/, '');
  let openedAt = 0;
  const breaker = circuitBreaker(
    handleWhen((error) => !(error instanceof RefusedError)),
    { breaker: new ConsecutiveBreaker(breakAfter), halfOpenAfter },
  );
  breaker.onBreak(() => {
    openedAt = performance.now();
  });
  const patiently = wrap(
    retry(
      handleWhen((error) => !(error instanceof RefusedError || error instanceof BrokenCircuitError)),
      { maxAttempts: RETRIES, backoff: new ExponentialBackoff({ initialDelay: 50, maxDelay: 500 }) },
    ),
    breaker,
  );

  /** @throws RefusedError for a 4xx but 404, Error for all that leaves open what happened */
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
      let isTried = false;
      try {
        const answer = await patiently.execute(() => {
          isTried = true;
          return call('PUT', `/charges/${key}`, { ...charge, currency });
        });
        return answer?.state === 'approved' ? 'approved' : 'declined';
      } catch (error) {
        if (error instanceof RefusedError) return 'declined';
        return isTried ? 'unknown' : 'unavailable';
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
      const isWaiting = breaker.state === CircuitState.Open && performance.now() < openedAt + halfOpenAfter;
      return isWaiting ? 'open' : 'half-open';
    },
  };
};
