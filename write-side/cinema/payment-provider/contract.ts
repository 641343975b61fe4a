import { type Static, Type } from 'typebox';
import { Strict } from '../../../schemas/kernel/context.ts';

/**
 * The HTTP contract between Plaza and a payment provider. `{key}` is an idempotency key, made by Plaza: whatever is
 * asked for under one key is done once.
 *
 * - `PUT /charges/{key}` with a {@link Charge}: 200 with a {@link ChargeState}; the same again is answered with what
 *   it came to. After an undo it is `undone`: nothing is charged any more.
 * - `GET /charges/{key}`: 200 with a {@link ChargeState}, 404 for a key that was never seen.
 * - `PUT /charges/{key}/undo`: 200 with a {@link ChargeState}, `undone`: what was charged is refunded, and a charge that
 *   comes later is refused.
 *
 * Any other 4xx refuses the charge; 5xx, a broken connection and silence leave open what happened.
 */
export const Charge = Strict({
  amount: Type.Integer({ minimum: 0 }),
  currency: Type.String(),
  method: Type.String(),
  token: Type.String(),
});

export const ChargeState = Type.Object({
  state: Type.Unsafe<'approved' | 'declined' | 'undone'>(Type.String({ enum: ['approved', 'declined', 'undone'] })),
  /** Whether money was ever taken under the key. */
  charged: Type.Boolean(),
});

export type Charge = Static<typeof Charge>;
export type ChargeState = Static<typeof ChargeState>;
