import { useState } from 'preact/hooks';
import type { Static } from 'typebox';
import type { queries } from '../../../schemas/customers.ts';
import type { Page } from '../../common/api.ts';
import { chooseLanguage, formatMoment, type Language, language } from '../../common/language.ts';
import { chooseScheme, chosenScheme, type Scheme } from '../../common/scheme.ts';
import { session } from '../../common/session.ts';
import { signOut } from '../../common/sign-in.ts';
import { useStore } from '../../common/store.ts';
import { useUpdates } from '../../common/updates.ts';
import { Refused, useCommand } from '../command.tsx';
import { chooseCustomer, forgetCustomer, useCustomer } from '../customer.ts';
import { Heading, Loaded, RowLink } from '../parts.tsx';
import type { Entry } from '../waiting.tsx';
import { say } from '../words.ts';

type Contact = Static<typeof queries.contact.item>;
type Message = Static<typeof queries.customerMessages.item>;

const Messages = ({ customerId }: { customerId: string }) => {
  const tongue = useStore(language);
  const messages = useUpdates<Page<Message>>(`/customers/${customerId}/messages?sort=-at&limit=30`, { isKept: true });
  return (
    <section>
      <h2>{say('메시지', 'Messages')}</h2>
      <Loaded of={messages}>
        {({ items }) =>
          items.length === 0 ? (
            <p class="dim">{say('받은 메시지가 없습니다.', 'There is no message.')}</p>
          ) : (
            <ul class="messages">
              {items.map(({ messageId, texts, at }) => (
                <li key={messageId}>
                  <strong>{texts[tongue].subject}</strong>
                  <time class="dim" dateTime={at}>
                    {formatMoment(at)}
                  </time>
                  <p>{texts[tongue].text}</p>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </section>
  );
};

/** The waiting lists that the customer is in: of one service. */
const WaitingOf = ({
  context,
  of,
  title,
  to,
  customerId,
}: {
  context: string;
  of: string;
  title: string;
  to: string;
  customerId: string;
}) => {
  const { body } = useUpdates<Page<Entry & Record<string, string>>>(
    `/${context}/waiting-list?customerId=${customerId}&sort=-joinedAt&limit=20`,
  );
  const open = (body?.items ?? []).filter(({ status }) => status === 'waiting' || status === 'offered');
  return (
    <>
      {open.map((entry) => (
        <RowLink
          key={entry.entryId}
          to={to + entry[of]}
          title={title}
          about={formatMoment(entry.joinedAt)}
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
  const [name, setName] = useState(contact?.name ?? '');
  const [email, setEmail] = useState(contact?.email ?? '');
  const [phone, setPhone] = useState(contact?.phone ?? '');
  const [isSaved, setSaved] = useState(false);
  const { give, isBusy, problem } = useCommand();
  const given = { name: name.trim(), email: email.trim(), phone: phone.trim() };
  const errorAt = (field: string) => problem?.errors?.some(({ pointer }) => pointer.endsWith(field));
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const filled = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
    setSaved((await give('PUT', `/customers/${customerId}/contact`, { ...filled, language: tongue })) !== undefined);
  };
  const fields = [
    { id: 'name', label: say('이름', 'Name'), type: 'text', value: name, set: setName, complete: 'name', wrong: '' },
    {
      id: 'email',
      label: say('이메일', 'E-mail'),
      type: 'email',
      value: email,
      set: setEmail,
      complete: 'email',
      wrong: say('이메일 주소를 확인하세요.', 'Check the e-mail address.'),
    },
    {
      id: 'phone',
      label: say('휴대전화', 'Phone'),
      type: 'tel',
      value: phone,
      set: setPhone,
      complete: 'tel',
      wrong: say('010-1234-5678 형식으로 입력하세요.', 'Like 010-1234-5678 or +821012345678.'),
    },
  ];
  return (
    <form class="card" onSubmit={submit} noValidate>
      {fields.map(({ id, label, type, value, set, complete, wrong }) => (
        <div class="field" key={id}>
          <label for={id}>{label}</label>
          <input
            id={id}
            type={type as 'text'}
            maxLength={254}
            autoComplete={complete as 'name'}
            value={value}
            aria-invalid={errorAt(id) ? 'true' : undefined}
            aria-describedby={errorAt(id) ? `${id}-wrong` : undefined}
            onInput={(event) => {
              set(event.currentTarget.value);
              setSaved(false);
            }}
          />
          {errorAt(id) && (
            <p class="wrong" id={`${id}-wrong`} role="alert">
              {wrong || say('입력을 확인하세요.', 'Check this.')}
            </p>
          )}
        </div>
      ))}
      {problem?.errors === undefined && <Refused problem={problem} />}
      <button type="submit" class="main wide" disabled={isBusy}>
        {say('연락처 저장', 'Save')}
      </button>
      <p role="status" class="good">
        {isSaved && say('저장했습니다. 안내 메시지를 이 언어로 보냅니다.', 'Saved. Messages come in this language.')}
      </p>
    </form>
  );
};

const ContactSection = ({ customerId }: { customerId: string }) => {
  const { body, problem } = useUpdates<Contact>(`/customers/${customerId}/contact`, { every: 60_000 });
  if (!body && problem?.status !== 404) return null;
  return (
    <section>
      <h2>{say('연락처', 'Contact')}</h2>
      <ContactForm key={body?.changedAt} customerId={customerId} contact={body} />
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
        <div class="field">
          <label for="language">{say('언어', 'Language')}</label>
          <select
            id="language"
            value={tongue}
            onChange={(event) => chooseLanguage(event.currentTarget.value as Language)}
          >
            <option value="ko">한국어</option>
            <option value="en">English</option>
          </select>
        </div>
        <div class="field">
          <label for="scheme">{say('색상', 'Colours')}</label>
          <select id="scheme" value={scheme} onChange={(event) => chooseScheme(event.currentTarget.value as Scheme)}>
            <option value="system">{say('자동', 'Auto')}</option>
            <option value="light">{say('밝게', 'Light')}</option>
            <option value="dark">{say('어둡게', 'Dark')}</option>
          </select>
        </div>
      </div>
    </section>
  );
};

const Account = () => {
  const { state } = useStore(session);
  if (state === 'asking') return null;
  return (
    <section class="actions">
      {state === 'off' ? (
        <button type="button" class="wide" onClick={() => chooseCustomer(undefined)}>
          {say('다른 고객으로 체험하기', 'Be another customer')}
        </button>
      ) : (
        <button
          type="button"
          class="wide"
          onClick={() => {
            forgetCustomer();
            void signOut('/app');
          }}
        >
          {say('로그아웃', 'Sign out')}
        </button>
      )}
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
        <WaitingOf
          context="parking"
          of="lotId"
          title={say('주차장 대기', 'Waiting for a spot')}
          to="/app/parking/"
          customerId={customerId}
        />
        <WaitingOf
          context="screening"
          of="slotId"
          title={say('건강검진 대기', 'Waiting for a screening')}
          to="/app/screening/"
          customerId={customerId}
        />
        <WaitingOf
          context="cinema"
          of="showingId"
          title={say('영화 대기', 'Waiting for seats')}
          to="/app/cinema/showings/"
          customerId={customerId}
        />
      </ul>
      <Messages customerId={customerId} />
      <ContactSection customerId={customerId} />
      <Preferences />
      <Account />
    </>
  );
};
