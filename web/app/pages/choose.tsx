import { User } from 'lucide';
import { Icon } from '../../common/icon.tsx';
import { chooseCustomer, demoCustomers } from '../customer.ts';
import { Heading } from '../parts.tsx';
import { say } from '../words.ts';

/** The choice of a demo customer, where sign-in is off. */
export const ChoosePage = () => (
  <>
    <Heading>{say('누구로 시작할까요?', 'Who are you?')}</Heading>
    <p class="dim">
      {say(
        '로그인 없이 실행 중입니다. 체험할 고객을 고르세요. 이 기기에 기억됩니다.',
        'Sign-in is off. Choose a demo customer; this device remembers it.',
      )}
    </p>
    <ul class="rows">
      {demoCustomers.map(({ id, name }) => (
        <li key={id} class="item">
          <button type="button" class="row" onClick={() => chooseCustomer(id)}>
            <span class="badge">
              <Icon of={User} />
            </span>
            <span class="text">
              <strong>{name}</strong>
              <span class="dim">{id}</span>
            </span>
          </button>
        </li>
      ))}
    </ul>
  </>
);
