import { ArrowLeft, House, Ticket, User } from 'lucide';
import type { ComponentChildren } from 'preact';
import { Icon } from '../common/icon.tsx';
import { Main, SkipLink } from '../common/main.tsx';
import { Link, usePlace } from '../common/router.tsx';
import { SignInAgain } from '../common/sign-in-page.tsx';
import { useCustomer } from './customer.ts';
import { Outage } from './parts.tsx';
import { say } from './words.ts';

const HOME = '/app';

/** The page above another one. */
const above = (path: string): string | undefined => {
  if (path === HOME) return undefined;
  const [, , context, part] = path.split('/');
  return part === undefined ? HOME : `${HOME}/${context}`;
};

/** The frame of every page: the way back, the navigation at the thumb, and the state of the connection. */
export const Shell = ({ children }: { children: ComponentChildren }) => {
  const { path } = usePlace();
  const customer = useCustomer();
  const back = above(path);
  const tabs = [
    { to: HOME, icon: House, words: say('홈', 'Home') },
    { to: `${HOME}/tickets`, icon: Ticket, words: say('이용 내역', 'Tickets') },
    { to: `${HOME}/me`, icon: User, words: say('MY', 'Me') },
  ];
  return (
    <>
      <SkipLink />
      <header class="bar">
        {back === undefined ? (
          <span class="brand">Plaza</span>
        ) : (
          <Link to={back}>
            <Icon of={ArrowLeft} />
            <span>{back === HOME ? say('홈', 'Home') : say('목록', 'Back')}</span>
          </Link>
        )}
        {customer && (
          <Link to={`${HOME}/me`} class="who">
            {say(`${customer.name} 님`, customer.name)}
          </Link>
        )}
      </header>
      <SignInAgain />
      <Outage />
      <Main>{children}</Main>
      {customer && (
        <nav class="tabs" aria-label={say('주 메뉴', 'Plaza')}>
          {tabs.map(({ to, icon, words }) => (
            <Link key={to} to={to} aria-current={path === to ? 'page' : undefined}>
              <Icon of={icon} size={22} />
              <span>{words}</span>
            </Link>
          ))}
        </nav>
      )}
    </>
  );
};
