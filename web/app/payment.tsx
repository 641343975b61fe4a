import { useState } from 'preact/hooks';
import type { Problem } from '../common/api.ts';
import { formatMoney } from '../common/language.ts';
import { Refused } from './command.tsx';
import { Choice } from './parts.tsx';
import { say } from './words.ts';

/** A payment as commands take it: the provider's token of a card, never the card's number. */
export type Paid = { method: string; token: string };

/**
 * The payment form of the sandbox, which takes no money: its tokens are outcomes. A real provider's form gives the
 * token of the customer's card instead.
 */
export const Payment = ({
  total,
  isBusy,
  problem,
  onPay,
}: {
  total: number;
  isBusy: boolean;
  problem: Problem | undefined;
  onPay(paid: Paid): void;
}) => {
  const [token, setToken] = useState('approve');
  return (
    <form
      class="payment"
      onSubmit={(event) => {
        event.preventDefault();
        onPay({ method: 'card', token });
      }}
    >
      <Choice
        label={say('테스트 카드 (실제 결제 없음)', 'Test card (no money is taken)')}
        value={token}
        options={[
          ['approve', say('승인되는 카드', 'A card that is approved')],
          ['decline', say('거절되는 카드', 'A card that is declined')],
          ['hang', say('응답이 없는 카드', 'A card without an answer')],
        ]}
        onChoose={setToken}
      />
      <p class="total">
        <span>{say('결제 금액', 'To pay')}</span>
        <strong>{formatMoney(total)}</strong>
      </p>
      <Refused problem={problem} />
      <button type="submit" class="main" disabled={isBusy}>
        {isBusy ? say('결제 중…', 'Paying…') : say('결제하기', 'Pay')}
      </button>
    </form>
  );
};
