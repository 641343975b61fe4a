import { type Static, Type } from 'typebox';
import { Strict } from '../../schemas/kernel/values.ts';

/**
 * The HTTP contract between Plaza and a payment provider. `{key}` is an idempotency key that Plaza makes: each request
 * under one key takes effect once.
 *
 * - `PUT /charges/{key}` with a {@link Charge}: 200 with a {@link ChargeState}. A repeat gets the state of the first
 *   charge. After an undo the state is `undone`, and nothing is charged.
 * - `GET /charges/{key}`: 200 with a {@link ChargeState}, 404 for an unknown key.
 * - `PUT /charges/{key}/undo`: 200 with a {@link ChargeState}, `undone`. A charge is refunded, and a later one is
 *   refused.
 *
 * Any other 4xx refuses the charge. After 5xx, a broken connection or a time-out the outcome is unknown.
 */
export const Charge = Strict({
  amount: Type.Integer({ minimum: 1 }),
  currency: Type.String(),
  method: Type.String(),
  token: Type.String(),
});

export const ChargeState = Type.Object({
  state: Type.Unsafe<'approved' | 'declined' | 'undone'>(Type.String({ enum: ['approved', 'declined', 'undone'] })),
  /** Whether the customer was ever charged under the key. */
  charged: Type.Boolean(),
});

export type Charge = Static<typeof Charge>;
export type ChargeState = Static<typeof ChargeState>;
