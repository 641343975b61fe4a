import { Type } from 'typebox';
import { Status, Strict, Text } from './values.ts';

/** The way in which a customer pays, such as `card`. */
export const Method = Text(20, 'card');

export const Payment = Strict({
  method: Method,
  token: Type.String({
    pattern: '^[\\x21-\\x7e]{1,200}$',
    description: "The payment provider's token for the customer. It is passed on and never stored.",
    examples: ['approve'],
  }),
});

/** The reasons why a payment failed. Except for `declined` the provider may have charged, which is then undone. */
export const PAYMENT_FAILURES = ['declined', 'timed-out', 'unavailable'] as const;
export const PaymentFailure = Status(...PAYMENT_FAILURES);
