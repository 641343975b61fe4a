import { Gauge, type Registry } from 'prom-client';

const STATES = ['closed', 'half-open', 'open'] as const;

/**
 * The state of the circuit to the payment provider.
 * @param circuit asked with every look at the metrics
 */
export const paymentMetrics = (registry: Registry, circuit: () => (typeof STATES)[number]): void => {
  new Gauge({
    name: 'plaza_payment_circuit',
    help: '1 for the state that the circuit breaker around the payment provider is in.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const now = circuit();
      for (const state of STATES) this.set({ state }, state === now ? 1 : 0);
    },
  });
};
