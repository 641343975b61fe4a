import { expect, it } from 'vitest';
import { validator } from '../platform/http/validation.ts';
import * as cinema from './cinema.ts';
import * as foodCourt from './food-court.ts';
import { exampleOf } from './kernel/examples.ts';
import * as parking from './parking.ts';

const { CancelReservation } = parking.commands;
const { CancelSeat } = cinema.commands;
const { RejectOrder } = foodCourt.commands;

it.each([
  ...Object.values(parking.REASONS).map((reason) => ['CancelReservation', CancelReservation, reason] as const),
  ['CancelSeat', CancelSeat, cinema.SHOWING_CANCELED] as const,
  ...Object.values(foodCourt.REASONS).map((reason) => ['RejectOrder', RejectOrder, reason] as const),
])('%s takes any reason but those of Plaza itself: %s', (_name, { data }, reason) => {
  const validate = validator(data);
  const given = { ...(exampleOf(data) as object), reason };
  expect(() => validate(given)).toThrow(
    expect.objectContaining({
      problem: expect.objectContaining({
        status: 400,
        errors: [{ pointer: '/reason', detail: 'must not be a reserved word' }],
      }),
    }),
  );
  expect(() => validate({ ...given, reason: `${reason}, sorry` })).not.toThrow();
});
