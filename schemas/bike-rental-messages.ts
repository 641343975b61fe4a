import type { events } from './bike-rental.ts';
import {
  idLine,
  line,
  message,
  messagesOn,
  money,
  type Phrase,
  paymentFailures,
  reasonLine,
} from './kernel/messages.ts';

const bike: Phrase = { ko: '자전거', en: 'Bike' };
const feeLabel: Phrase = { ko: '요금', en: 'Fee' };
const amountLabel: Phrase = { ko: '금액', en: 'Amount' };
const balanceLabel: Phrase = { ko: '잔액', en: 'Balance' };
const outstandingLabel: Phrase = { ko: '미납 금액', en: 'Outstanding' };
const chargeNumber: Phrase = { ko: '충전 번호', en: 'Charge' };
const number: Phrase = { ko: '대여 번호', en: 'Rental' };

/** The deposit after an event; an outstanding amount is shown only where there is one. */
const standing = ({ balance, outstanding }: { balance: number; outstanding: number }) => [
  line(balanceLabel, money(balance)),
  outstanding > 0 ? line(outstandingLabel, money(outstanding)) : undefined,
];

export const messages = messagesOn<typeof events>()({
  FeeDeducted: (bill) => ({
    customerId: bill.userId,
    about: { bikeId: bill.bikeId, rentalId: bill.rentalId },
    message: message(
      bill.outstanding > 0 ? 'outstanding' : 'billed',
      bill.outstanding > 0
        ? { ko: '예치금이 부족하여 미납 요금이 있습니다', en: 'Your deposit does not cover your bike rental' }
        : { ko: '자전거 대여 요금이 결제되었습니다', en: 'Your bike rental is paid' },
      idLine(bike, bill.bikeId),
      line(feeLabel, money(bill.fee)),
      ...standing(bill),
      idLine(number, bill.rentalId),
    ),
  }),

  DepositCharged: (charge) => ({
    customerId: charge.userId,
    about: { userId: charge.userId, chargeId: charge.chargeId },
    message: message(
      'deposited',
      { ko: '예치금이 충전되었습니다', en: 'Your deposit was charged' },
      line(amountLabel, money(charge.amount)),
      ...standing(charge),
    ),
  }),

  ChargeDeclined: (charge) => ({
    customerId: charge.userId,
    about: { userId: charge.userId, chargeId: charge.chargeId },
    message: message(
      'rejected',
      { ko: '예치금을 충전하지 못했습니다', en: 'Your deposit was not charged' },
      line(amountLabel, money(charge.amount)),
      reasonLine(charge.reason, paymentFailures),
      idLine(chargeNumber, charge.chargeId),
    ),
  }),

  ChargeRefunded: (charge) => ({
    customerId: charge.userId,
    about: { userId: charge.userId, chargeId: charge.chargeId },
    message: message(
      'refunded',
      { ko: '결제 금액이 환불되었습니다', en: 'Your payment was refunded' },
      line(amountLabel, money(charge.amount)),
      idLine(chargeNumber, charge.chargeId),
    ),
  }),

  DepositCredited: (credit) => ({
    customerId: credit.userId,
    about: { managerId: credit.managerId, conversionId: credit.conversionId },
    message: message(
      'credited',
      { ko: '포인트가 예치금으로 적립되었습니다', en: 'Points were added to your deposit' },
      line(amountLabel, money(credit.amount)),
      ...standing(credit),
    ),
  }),
});
