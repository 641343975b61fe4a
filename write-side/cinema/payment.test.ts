import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdsForEveryDecider, play, specification } from '../kernel/testing.ts';
import { payment } from './payment.ts';

const { given } = specification(payment);

type Command = Parameters<typeof payment.decide>[0];
type Event = Parameters<typeof payment.evolve>[1];

const data = { showingId: 's-1', reservationId: 'r-1', customerId: 'CUST1', title: '괴물', amount: 12_000 };

const request: Command = { type: 'RequestPayment', data: { ...data, method: 'card' } };
const approve: Command = { type: 'ApprovePayment', data };
const decline: Command = { type: 'DeclinePayment', data: { ...data, reason: 'timed-out' } };
const refund = (charged: boolean): Command => ({ type: 'RecordRefund', data: { ...data, charged } });

const requested: Event = { type: 'PaymentRequested', data: { ...data, method: 'card' } };
const approved: Event = { type: 'PaymentApproved', data };
const declined: Event = { type: 'PaymentDeclined', data: { ...data, reason: 'timed-out' } };
const refunded: Event = { type: 'PaymentRefunded', data };
const voided: Event = { type: 'PaymentVoided', data };

describe('a payment', () => {
  it('is requested once, and keeps its outcome', () => {
    given().when(request).thenEvents(requested);
    given(requested).when(request).thenNothing();
  });
  it('is approved or declined, whichever comes first', () => {
    given(requested).when(approve).thenEvents(approved);
    given(requested).when(decline).thenEvents(declined);
    given(requested, approved).when(decline).thenRefused('payment-approved');
    given(requested, declined).when(approve).thenRefused('payment-declined');
  });
  it('is decided once', () => {
    given(requested, approved).when(approve).thenNothing();
    given(requested, declined).when(decline).thenNothing();
  });
  it('can be declined before it is requested, which it then never is', () => {
    given().when(decline).thenEvents(declined);
    given(declined).when(request).thenRefused('payment-declined');
    given(requested, approved).when(request).thenRefused('payment-approved');
  });
  it('is refunded once', () => {
    given(requested, approved).when(refund(true)).thenEvents(refunded);
    given(requested, approved, refunded).when(refund(true)).thenNothing();
    given(requested, declined).when(refund(true)).thenEvents(refunded);
    given(requested, declined).when(refund(false)).thenEvents(voided);
  });
  it('is refunded only when it was decided', () => given(requested).when(refund(true)).thenNothing());
  it('stays declined when it is refunded', () =>
    given(requested, declined, refunded).when(approve).thenRefused('payment-declined'));
});

const ofHold = <Message extends Command | Event>(hold: string, { type, data: of }: Message) =>
  ({ type, data: { ...of, hold } }) as Message;

describe('a reservation id that is held again', () => {
  const before: Event[] = [requested, approved, refunded];
  const first = before.map((event) => ofHold('1', event));

  it('has its own payment, whatever the outcome of earlier ones', () => {
    given(...before, ...first)
      .when(ofHold('8', request))
      .thenEvents(ofHold('8', requested));
    given(...first, ofHold('8', requested))
      .when(ofHold('8', decline))
      .thenEvents(ofHold('8', declined));
  });
  it('refunds an earlier payment while a later one is open', () =>
    given(...[requested, approved, requested].map((event, at) => ofHold(at < 2 ? '1' : '8', event)))
      .when(ofHold('1', refund(true)))
      .thenEvents(ofHold('1', refunded)));
});

describe('any sequence of commands', () => {
  const anyCommand = fc.constantFrom(request, approve, decline, refund(true), refund(false));
  const ofAnyHold = fc
    .tuple(anyCommand, fc.constantFrom('1', '8', undefined))
    .map(([command, hold]) => (hold === undefined ? command : ofHold(hold, command)));

  it('keeps the rules of every decider', () => holdsForEveryDecider(payment, ofAnyHold));

  it('has one outcome, and is refunded at most once', () => {
    fc.assert(
      fc.property(fc.array(anyCommand), (commands) => {
        const types = play(payment, commands).events.map(({ type }) => type);
        const count = (...of: Event['type'][]) => types.filter((type) => of.includes(type)).length;
        expect(count('PaymentApproved', 'PaymentDeclined')).toBeLessThanOrEqual(1);
        expect(count('PaymentRefunded', 'PaymentVoided')).toBeLessThanOrEqual(1);
      }),
    );
  });
});
