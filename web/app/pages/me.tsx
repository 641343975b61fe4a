import { ChevronDown } from 'lucide';
import { useEffect, useState } from 'preact/hooks';
import type { Static } from 'typebox';
import type { queries } from '../../../schemas/customers.ts';
import { methodsOf } from '../../common/api.ts';
import { Icon } from '../../common/icon.tsx';
import { chooseLanguage, formatStart, language, t } from '../../common/language.ts';
import { languages, schemes } from '../../common/preferences.ts';
import { problemName } from '../../common/problems.ts';
import { chooseScheme, chosenScheme } from '../../common/scheme.ts';
import { session } from '../../common/session.ts';
import { signOut } from '../../common/sign-in.ts';
import { useStore } from '../../common/store.ts';
import { Refused, useCommand } from '../command.tsx';
import { chooseCustomer, forgetCustomer, useCustomer } from '../customer.ts';
import { useList } from '../lists.ts';
import { Choice, ConfirmButton, Heading, RowLink, Rows, TextField } from '../parts.tsx';
import { type Entry, isWaiting } from '../waiting.tsx';
import { say } from '../words.ts';

type Contact = Static<typeof queries.contact.item>;
type Message = Static<typeof queries.customerMessages.item>;

/** Returns the lines of a message below its subject, which its text begins with. */
const linesAfter = ({ subject, text }: { subject: string; text: string }): string =>
  text.startsWith(subject) ? text.slice(subject.length).trimStart() : text;

const Messages = ({ customerId }: { customerId: string }) => {
  const tongue = useStore(language);
  const messages = useList<Message>(`/customers/${customerId}/messages?sort=-at&limit=30`, { isKept: true });
  return (
    <section>
      <h2>{say('메시지', 'Messages')}</h2>
      <Rows of={messages} none={say('받은 메시지가 없습니다.', 'There is no message.')}>
        {({ messageId, texts, at }) => (
          <li key={messageId} class="item message">
            <details>
              <summary>
                <strong>{texts[tongue].subject}</strong>
                <time class="dim" dateTime={at}>
                  {formatStart(at)}
                </time>
                <Icon of={ChevronDown} size={18} />
              </summary>
              <p>{linesAfter(texts[tongue])}</p>
            </details>
          </li>
        )}
      </Rows>
    </section>
  );
};

/** The services with waiting lists, the field that names what the customer waits for, and its page. */
const WAITING_LISTS = [
  { context: 'parking', key: 'lotId', to: '/app/parking/', ko: '주차장 대기', en: 'Waiting for a spot' },
  { context: 'screening', key: 'slotId', to: '/app/screening/', ko: '건강검진 대기', en: 'Waiting for a screening' },
  { context: 'cinema', key: 'showingId', to: '/app/cinema/showings/', ko: '영화 대기', en: 'Waiting for seats' },
] as const;

/** The waiting lists that the customer is in: of one service. */
const WaitingOf = ({ of, customerId }: { of: (typeof WAITING_LISTS)[number]; customerId: string }) => {
  const path = `/${of.context}/waiting-list?customerId=${customerId}&sort=-joinedAt&limit=20`;
  const { body: entries } = useList<Entry & Record<typeof of.key, string>>(path);
  return (
    <>
      {entries?.filter(isWaiting).map((entry) => (
        <RowLink
          key={entry.entryId}
          to={of.to + entry[of.key]}
          title={t(of)}
          about={formatStart(entry.joinedAt)}
          aside={
            entry.status === 'offered'
              ? say('자리가 났어요', 'Offered')
              : say(`${entry.position ?? '–'}번째`, `No. ${entry.position ?? '–'}`)
          }
        />
      ))}
    </>
  );
};

const ContactForm = ({ customerId, contact }: { customerId: string; contact: Contact | undefined }) => {
  const tongue = useStore(language);
  const stored = { name: '', email: '', phone: '', ...contact };
  const [values, setValues] = useState(stored);
  useEffect(() => setValues(stored), [contact?.changedAt]);
  const [isSaved, setSaved] = useState(false);
  const { give, isBusy, problem } = useCommand();
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const given = Object.fromEntries(fields.map(({ id }) => [id, values[id].trim() || undefined]));
    setSaved((await give('PUT', `/customers/${customerId}/contact`, { ...given, language: tongue })) !== undefined);
  };
  const fields = [
    {
      id: 'name',
      label: say('이름', 'Name'),
      type: 'text',
      autoComplete: 'name',
      wrong: say('입력을 확인하세요.', 'Check this.'),
    },
    {
      id: 'email',
      label: say('이메일', 'E-mail'),
      type: 'email',
      autoComplete: 'email',
      wrong: say('이메일 주소를 확인하세요.', 'Check the e-mail address.'),
    },
    {
      id: 'phone',
      label: say('휴대전화', 'Phone'),
      type: 'tel',
      autoComplete: 'tel',
      wrong: say('010-1234-5678 형식으로 입력하세요.', 'Like 010-1234-5678 or +821012345678.'),
    },
  ] as const;
  return (
    <form class="card" onSubmit={submit} noValidate>
      {fields.map(({ id, label, type, autoComplete, wrong }) => (
        <TextField
          key={id}
          id={id}
          label={label}
          type={type as 'text'}
          maxLength={254}
          autoComplete={autoComplete}
          value={values[id]}
          wrong={problem?.errors?.some(({ pointer }) => pointer.endsWith(id)) ? wrong : undefined}
          onText={(text) => {
            setValues({ ...values, [id]: text });
            setSaved(false);
          }}
        />
      ))}
      {problem?.errors === undefined && <Refused problem={problem} />}
      <button type="submit" class="main" disabled={isBusy}>
        {say('연락처 저장', 'Save')}
      </button>
      <p role="status" class="good">
        {isSaved && say('저장했습니다. 안내 메시지를 이 언어로 보냅니다.', 'Saved. Messages come in this language.')}
      </p>
    </form>
  );
};

const ContactSection = ({ customerId }: { customerId: string }) => {
  const { body } = useList<Contact>(`/customers/contacts?customerId=${customerId}`, { every: 60_000 });
  if (!body) return null;
  return (
    <section>
      <h2>{say('연락처', 'Contact')}</h2>
      <ContactForm customerId={customerId} contact={body[0]} />
    </section>
  );
};

const Preferences = () => {
  const tongue = useStore(language);
  const scheme = useStore(chosenScheme);
  return (
    <section>
      <h2>{say('화면 설정', 'Preferences')}</h2>
      <div class="card">
        <Choice label={say('언어', 'Language')} value={tongue} options={languages} onChoose={chooseLanguage} />
        <Choice label={say('색상', 'Colours')} value={scheme} options={schemes()} onChoose={chooseScheme} />
      </div>
    </section>
  );
};

/** Forgets the customer on this device, and signs out where sign-in is on. */
const leave = (): void => {
  const isOff = session.get().state === 'off';
  if (!isOff) session.set({ state: 'asking' }); // Nothing more is read, and kept, for the customer.
  forgetCustomer();
  if (isOff) chooseCustomer(undefined);
  else void signOut('/app');
};

const Account = () => {
  const { state } = useStore(session);
  if (state === 'asking') return null;
  return (
    <section class="actions">
      <button type="button" onClick={leave}>
        {state === 'off' ? say('다른 고객으로 체험하기', 'Be another customer') : say('로그아웃', 'Sign out')}
      </button>
    </section>
  );
};

/** Erases the customer's personal data after asking, if they wish with everything that is open, and leaves. */
const Erase = ({ customerId }: { customerId: string }) => {
  const { give, isBusy, problem } = useCommand();
  const [isCanceling, setCanceling] = useState(false);
  const hasOpen = problem !== undefined && problemName(problem) === 'customer-has-open-reservations';
  const [methods, setMethods] = useState<readonly string[]>();
  useEffect(() => {
    void methodsOf(`/customers/${customerId}`).then(setMethods);
  }, [customerId]);
  const erase = async (cancel: boolean) => {
    setCanceling(cancel);
    if (await give('DELETE', `/customers/${customerId}${cancel ? '?cancel=true' : ''}`)) leave();
  };
  if (methods === undefined) return null;
  if (!methods.includes('DELETE'))
    return (
      <section>
        <h2>{say('내 정보 지우기', 'Erase me')}</h2>
        <p class="card">
          {say(
            '이 Plaza는 개인정보를 암호화하지 않아 여기서 지울 수 없습니다. 운영자에게 문의하세요.',
            'This Plaza does not encrypt personal data, so it cannot erase yours here. Ask its operators.',
          )}
        </p>
      </section>
    );
  return (
    <section>
      <h2>{say('내 정보 지우기', 'Erase me')}</h2>
      <div class="card">
        <p>
          {say(
            '이름, 연락처, 메시지, 차량 번호와 남긴 글이 모든 서비스에서 지워집니다. 이용한 장소와 시간, 금액은 이름 없이 남습니다.',
            'Your name, contact, messages, car numbers and notes are erased in every service. The places, times and amounts of your visits stay, without your name.',
          )}
        </p>
        {hasOpen && isCanceling ? (
          <p class="refused" role="alert">
            {say(
              '취소할 수 없는 이용이 있어 지우지 않았습니다. 자전거를 반납하거나 출차한 뒤, 또는 예약한 시간이 지난 뒤 다시 시도하세요.',
              'Something cannot be cancelled, so nothing was erased. Try again when you have returned the bike, the car has left, or the time of the reservation has passed.',
            )}
          </p>
        ) : (
          <Refused problem={problem} />
        )}
        <div class="actions">
          <ConfirmButton
            words={say('내 정보 지우기', 'Erase me')}
            effect={say('지운 정보는 되돌릴 수 없습니다.', 'What is erased cannot be brought back.')}
            isBusy={isBusy}
            onConfirm={() => erase(false)}
          />
          {hasOpen && (
            <ConfirmButton
              words={say('모두 취소하고 지우기', 'Cancel everything and erase me')}
              effect={say(
                '예약과 주문, 대기가 모두 취소됩니다. 취소와 지운 정보는 되돌릴 수 없습니다.',
                'Every reservation, order and place in a waiting list is cancelled. Neither that nor what is erased can be brought back.',
              )}
              isBusy={isBusy}
              onConfirm={() => erase(true)}
            />
          )}
        </div>
      </div>
    </section>
  );
};

/** The customer's own page: waiting lists, messages, contact and preferences. */
export const MePage = ({ customerId }: { customerId: string }) => {
  const customer = useCustomer();
  return (
    <>
      <Heading>{say(`${customer?.name ?? ''} 님`, customer?.name ?? '')}</Heading>
      <ul class="rows">
        {WAITING_LISTS.map((of) => (
          <WaitingOf key={of.context} of={of} customerId={customerId} />
        ))}
      </ul>
      <Messages customerId={customerId} />
      <ContactSection customerId={customerId} />
      <Preferences />
      <Account />
      <Erase customerId={customerId} />
    </>
  );
};
