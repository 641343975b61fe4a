import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { language } from '../common/language.ts';
import { Link, usePlace } from '../common/router.tsx';
import { session } from '../common/session.ts';
import { begin } from '../common/sign-in.ts';
import { SignInPage } from '../common/sign-in-page.tsx';
import { useStore } from '../common/store.ts';
import '../common/scheme.ts';
import '../common/style.ts';
import { match } from '../common/templates.ts';
import './style.css';
import './cinema/style.css';
import './food-court/style.css';
import './food-court/kiosk.css';
import { bikePages } from './bike-rental/index.tsx';
import { cinemaPages } from './cinema/index.tsx';
import { useCustomer } from './customer.ts';
import { keepFocus } from './focus.ts';
import { BoardPage } from './food-court/board.tsx';
import { foodCourtPages } from './food-court/index.tsx';
import { KioskPage } from './food-court/kiosk.tsx';
import { type AppPage, page } from './page.ts';
import { ChoosePage } from './pages/choose.tsx';
import { HomePage } from './pages/home.tsx';
import { MePage } from './pages/me.tsx';
import { TicketsPage } from './pages/tickets.tsx';
import { parkingPages } from './parking/index.tsx';
import { Heading, Skeleton } from './parts.tsx';
import { screeningPages } from './screening/index.tsx';
import { Shell } from './shell.tsx';
import { say } from './words.ts';

/** The pages by their paths. */
const pages: readonly AppPage[] = [
  page('/app', HomePage),
  page('/app/tickets', TicketsPage),
  page('/app/me', MePage),
  ...parkingPages,
  ...screeningPages,
  ...bikePages,
  ...cinemaPages,
  ...foodCourtPages,
];

const NotFound = () => (
  <>
    <Heading>{say('없는 페이지입니다', 'This page does not exist')}</Heading>
    <Link to="/app">{say('홈', 'Home')}</Link>
  </>
);

const PageAt = ({ path, customerId }: { path: string; customerId: string }) => {
  for (const [template, Page] of pages) {
    const parameters = match(template, path);
    if (parameters)
      return (
        <div key={path}>
          <Page {...parameters} customerId={customerId} />
        </div>
      );
  }
  return <NotFound />;
};

const App = () => {
  const { path } = usePlace();
  const tongue = useStore(language);
  const now = useStore(session);
  const customer = useCustomer();
  useEffect(() => {
    document.documentElement.lang = tongue;
  }, [tongue]);
  if (path === '/app/board') return <BoardPage key={tongue} />;
  if (path === '/app/kiosk') return <KioskPage />;
  return (
    <Shell>
      {now.state === 'asking' && !(now.isUnanswered && customer) && <Skeleton />}
      {now.state === 'out' && <SignInPage {...now} />}
      {now.state === 'off' && !customer && <ChoosePage />}
      {customer && (now.state !== 'asking' || now.isUnanswered) && (
        <PageAt key={`${customer.id} ${tongue}`} path={path} customerId={customer.id} />
      )}
    </Shell>
  );
};

if (import.meta.env.PROD && 'serviceWorker' in navigator)
  void navigator.serviceWorker.register('/app/worker.js', { scope: '/app' }).catch(() => {
    // The page works without it, with a network.
  });

void begin();
keepFocus();
render(<App />, document.getElementById('page')!);
