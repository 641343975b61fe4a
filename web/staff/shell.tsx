import {
  Activity,
  Bike,
  BookOpen,
  Car,
  Clapperboard,
  History,
  House,
  type IconNode,
  LayoutGrid,
  MessageSquare,
  MonitorUp,
  Stethoscope,
  Utensils,
} from 'lucide';
import type { ComponentChildren } from 'preact';
import { useId, useRef, useState } from 'preact/hooks';
import { Icon } from '../common/icon.tsx';
import { chooseLanguage, language, t } from '../common/language.ts';
import { Main, SkipLink } from '../common/main.tsx';
import { languages, schemes } from '../common/preferences.ts';
import { go, Link, usePlace, VIEW } from '../common/router.tsx';
import { chooseScheme, chosenScheme } from '../common/scheme.ts';
import { Select } from '../common/select.tsx';
import { session } from '../common/session.ts';
import { signOut } from '../common/sign-in.ts';
import { useNow, useStore } from '../common/store.ts';
import { may, mayFollow } from './access.ts';
import { contextViews } from './contexts/index.ts';
import { isCustomer, isCustomerId, mayOpenCustomer } from './customers.ts';
import { roleWords } from './fields.ts';
import { warningsOf } from './health.ts';
import { connection, overview, overviewProblem } from './live.ts';
import { Notices } from './notices.tsx';
import { Banner } from './parts/banner.tsx';
import { homeWords } from './parts/crumbs.tsx';
import { Keys } from './parts/keys.tsx';
import { TimeBar } from './parts/time.tsx';

const Pulse = () => {
  const isWell =
    warningsOf(useStore(overview), useStore(connection), useNow(1000), useStore(overviewProblem)).length === 0;
  return (
    <span class={isWell ? 'pulse good' : 'pulse bad'}>
      {isWell ? t({ en: 'live', ko: '실시간' }) : t({ en: 'not live', ko: '확인 필요' })}
    </span>
  );
};

/** The icon of each section, by its page. */
const icons: Readonly<Record<string, IconNode>> = {
  '/': House,
  '/board': MonitorUp,
  [`${VIEW}/operations`]: Activity,
  [`${VIEW}/parking/lots`]: Car,
  [`${VIEW}/screening/slots`]: Stethoscope,
  [`${VIEW}/food-court/shops`]: Utensils,
  [`${VIEW}/cinema/movies`]: Clapperboard,
  [`${VIEW}/bike-rental/bikes`]: Bike,
  [`${VIEW}/customers/messages`]: MessageSquare,
};

/** The signed-in user and the sign-out button. */
const User = () => {
  const now = useStore(session);
  if (now.state !== 'in' && now.state !== 'over') return null;
  const { name, caller } = now;
  return (
    <span class="user">
      <bdi>{name}</bdi>
      <span class="dim">{caller.roles.map((role) => t(roleWords[role])).join(', ')}</span>
      <button type="button" onClick={() => signOut()}>
        {t({ en: 'Sign out', ko: '로그아웃' })}
      </button>
    </span>
  );
};

const CustomerSearch = () => {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  return (
    <search>
      <form
        class="search"
        onSubmit={async (event) => {
          event.preventDefault();
          const customer = input.current?.value.trim() ?? '';
          if (customer === '') return;
          const isId = isCustomerId(customer);
          if (isId && (await isCustomer(customer))) return go(`${VIEW}/customers/${customer}`);
          input.current?.setCustomValidity(
            isId
              ? t({ en: 'Nothing is known about this customer.', ko: '등록된 내용이 없는 고객입니다.' })
              : t({
                  en: 'Enter a customer’s id: letters, digits, - and _. Search for car numbers and names in the lists.',
                  ko: '고객 ID(영문자, 숫자, -, _)를 입력하세요. 차량 번호와 이름은 목록에서 찾을 수 있습니다.',
                }),
          );
          input.current?.reportValidity();
        }}
      >
        <label for={id} class="unseen">
          {t({ en: 'Customer', ko: '고객' })}
        </label>
        <input
          id={id}
          ref={input}
          type="search"
          onInput={(event) => event.currentTarget.setCustomValidity('')}
          placeholder={t({ en: 'Customer…', ko: '고객 ID…' })}
          autoComplete="off"
        />
      </form>
    </search>
  );
};

/**
 * Whether a path is of the same context as a context's first view: `/view/cinema/movies` and `/view/cinema/showings/1`.
 */
const isWithin = (path: string, first: string): boolean => {
  const [, folder, context] = first.split('/');
  return context !== undefined && path.startsWith(`/${folder}/${context}/`);
};

/** The frame of every view except the board: navigation, warnings and notices. */
export const Shell = ({ children }: { children: ComponentChildren }) => {
  const { path } = usePlace();
  const tongue = useStore(language);
  const scheme = useStore(chosenScheme);
  const [isTimeOpen, setTimeOpen] = useState(false);

  const { state } = useStore(session);
  const isIn = state !== 'asking' && state !== 'out';
  const shown = useStore(overview)?.contexts ?? {};
  const home = { to: '/', words: homeWords() };
  const contexts = contextViews
    .filter(({ name, all }) => Object.hasOwn(shown, name) && may(`GET ${all}`))
    .map(({ all, title }) => ({ to: VIEW + all, words: t(title) }));
  const others = [
    { to: '/board', words: t({ en: 'Board', ko: '알림판' }), query: 'GET /food-court/board' },
    { to: `${VIEW}/operations`, words: t({ en: 'Operations', ko: '운영' }), query: 'GET /operations/replays' },
  ].filter(({ query }) => may(query));
  return (
    <>
      <SkipLink />
      <div class="top">
        <header>
          <Link to="/" class="brand">
            Plaza
          </Link>
          {isIn && mayFollow() && <Pulse />}
          <nav aria-label={t({ en: 'Plaza', ko: '주 메뉴' })}>
            {(isIn ? [home, ...others] : []).map(({ to, words }) => (
              <Link key={to} to={to} aria-current={path === to ? 'page' : undefined}>
                {words}
              </Link>
            ))}
            <a href="/reference">API</a>
          </nav>
          {isIn && mayFollow() && (
            <button type="button" class="time" aria-expanded={isTimeOpen} onClick={() => setTimeOpen(!isTimeOpen)}>
              <Icon of={History} size={18} /> <span>{t({ en: 'Time', ko: '시점' })}</span>
            </button>
          )}
          {isIn && mayFollow() && <Keys />}
          {isIn && !mayFollow() && mayOpenCustomer() && <CustomerSearch />}
          <Select
            aria-label={t({ en: 'Language', ko: '언어' })}
            value={tongue}
            options={languages}
            onChoose={chooseLanguage}
          />
          <Select
            aria-label={t({ en: 'Colours', ko: '색상' })}
            value={scheme}
            options={schemes()}
            onChoose={chooseScheme}
          />
          <User />
        </header>
        <Banner />
        {isIn && mayFollow() && <TimeBar isOpen={isTimeOpen} />}
      </div>
      <div class="frame">
        {isIn && (
          <nav class="side" aria-label={t({ en: 'Sections', ko: '분야' })}>
            {[home, ...contexts, ...others].map(({ to, words }) => (
              <Link key={to} to={to} aria-current={path === to ? 'page' : isWithin(path, to) ? 'true' : undefined}>
                <Icon of={icons[to] ?? LayoutGrid} size={18} /> {words}
              </Link>
            ))}
            <a href="/reference">
              <Icon of={BookOpen} size={18} /> API
            </a>
          </nav>
        )}
        <Main>{children}</Main>
      </div>
      <Notices />
    </>
  );
};
