import { Wallet } from 'lucide';
import { useState } from 'preact/hooks';
import type { Static } from 'typebox';
import type { queries } from '../../../schemas/bike-rental.ts';
import { formatMoney, formatStart } from '../../common/language.ts';
import { Link } from '../../common/router.tsx';
import { useUpdates } from '../../common/updates.ts';
import { useCommand } from '../command.tsx';
import { useList } from '../lists.ts';
import { Heading, RowLink, Rows } from '../parts.tsx';
import { type Paid, Payment } from '../payment.tsx';
import { say } from '../words.ts';

type Deposit = Static<typeof queries.deposit.item>;
type Movement = Static<typeof queries.movements.item>;

/** Reads what the customer has paid in and owes; a customer who never paid has nothing. */
export const useDeposit = (customerId: string): Pick<Deposit, 'balance' | 'outstanding'> | undefined => {
  const { body, problem } = useUpdates<Deposit>(`/bike-rental/users/${customerId}/deposit`, { every: 3000 });
  return body ?? (problem?.status === 404 ? { balance: 0, outstanding: 0 } : undefined);
};

const DEPOSIT = '/app/bike-rental/deposit';

/** The debts of the customer, and the way to pay them. */
export const Debt = ({ outstanding }: { outstanding: number }) => (
  <div class="refused debt" role="status">
    <p>
      {say(
        `미납 요금 ${formatMoney(outstanding)}이 있어 새로 대여할 수 없습니다.`,
        `You owe ${formatMoney(outstanding)}. Pay it before you rent again.`,
      )}
    </p>
    <Link to={DEPOSIT} class="button">
      {say('미납 요금 내기', 'Pay it now')}
    </Link>
  </div>
);

export const DepositRow = ({ customerId }: { customerId: string }) => {
  const deposit = useDeposit(customerId);
  if (!deposit) return null;
  return (
    <>
      {deposit.outstanding > 0 && <Debt outstanding={deposit.outstanding} />}
      <ul class="rows">
        <RowLink
          to={DEPOSIT}
          icon={Wallet}
          title={say('예치금', 'Deposit')}
          about={say('충전과 이용 내역', 'Top up, and what you paid')}
          aside={formatMoney(deposit.balance)}
        />
      </ul>
    </>
  );
};

/** The amounts of a top-up. */
const AMOUNTS = [5_000, 10_000, 30_000, 50_000];

const TopUp = ({ customerId, outstanding }: { customerId: string; outstanding: number }) => {
  const [chosen, setChosen] = useState<number>();
  const [paid, setPaid] = useState<{ amount: number; isGoingOn: boolean }>();
  const { give, isBusy, problem } = useCommand();
  const amounts = outstanding > 0 ? [outstanding, ...AMOUNTS.filter((amount) => amount > outstanding)] : AMOUNTS;
  const amount = chosen !== undefined && amounts.includes(chosen) ? chosen : (amounts[0] ?? outstanding);
  const pay = async (payment: Paid) => {
    setPaid(undefined);
    const done = await give('POST', `/bike-rental/users/${customerId}/deposits`, { amount, payment });
    if (done) setPaid({ amount, isGoingOn: done.isGoingOn });
  };
  return (
    <section class="card">
      <fieldset class="chips">
        <legend class="unseen">{say('충전 금액', 'Amount')}</legend>
        {amounts.map((one) => (
          <button key={one} type="button" aria-pressed={one === amount} onClick={() => setChosen(one)}>
            {one === outstanding ? say(`미납 ${formatMoney(one)}`, `Owed ${formatMoney(one)}`) : formatMoney(one)}
          </button>
        ))}
      </fieldset>
      <Payment total={amount} isBusy={isBusy} problem={problem} onPay={pay} />
      <p role="status" class="good">
        {paid &&
          (paid.isGoingOn
            ? say('결제를 확인하고 있습니다. 결과는 아래 내역에 나옵니다.', 'The payment is being checked; see below.')
            : say(`${formatMoney(paid.amount)}을 결제했습니다.`, `${formatMoney(paid.amount)} was paid.`))}
      </p>
    </section>
  );
};

const statusOfMovement = ({ kind, status }: Movement): string => {
  if (kind === 'fee') return say('이용 요금', 'Ride');
  if (kind === 'conversion') return say('포인트 전환', 'Points');
  if (status === 'charged') return say('충전', 'Top-up');
  if (status === 'pending') return say('결제 확인 중', 'Being checked');
  return status === 'refunded' ? say('결제 취소·환불', 'Refunded') : say('결제 실패', 'Not paid');
};

const isCounted = ({ status }: Movement): boolean => ['charged', 'deducted', 'credited'].includes(status);

export const DepositPage = ({ customerId }: { customerId: string }) => {
  const deposit = useDeposit(customerId);
  const movements = useList<Movement>(`/bike-rental/users/${customerId}/movements?sort=-at&limit=30`);
  return (
    <>
      <Heading>{say('예치금', 'Deposit')}</Heading>
      <article class="card">
        <p class="total">
          <span>{say('잔액', 'Balance')}</span>
          <strong>{deposit && formatMoney(deposit.balance)}</strong>
        </p>
        {deposit !== undefined && deposit.outstanding > 0 && (
          <p class="total bad">
            <span>{say('미납 요금', 'You owe')}</span>
            <strong>{formatMoney(deposit.outstanding)}</strong>
          </p>
        )}
      </article>
      {deposit && <TopUp customerId={customerId} outstanding={deposit.outstanding} />}
      <section>
        <h2>{say('내역', 'History')}</h2>
        <Rows of={movements} none={say('아직 내역이 없습니다.', 'There is nothing yet.')}>
          {(movement) => (
            <li key={`${movement.kind} ${movement.at} ${movement.chargeId ?? movement.rentalId}`} class="item row">
              <span class="text">
                <strong>{statusOfMovement(movement)}</strong>
                <span class="dim">{formatStart(movement.at)}</span>
              </span>
              <span class={isCounted(movement) ? 'aside' : 'aside dim'}>
                {movement.kind === 'fee' ? '−' : '+'}
                {formatMoney(movement.amount)}
              </span>
            </li>
          )}
        </Rows>
      </section>
    </>
  );
};
