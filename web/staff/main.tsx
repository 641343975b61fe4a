import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { language, t } from '../common/language.ts';
import { readOperations } from '../common/openapi.ts';
import { Link, usePlace, VIEW } from '../common/router.tsx';
import { SignInPage } from '../common/sign-in-page.tsx';
import { Skeleton } from '../common/skeleton.tsx';
import { may, mayFollow, ownId } from './access.ts';
import { contextViews } from './contexts/index.ts';
import { start } from './live.ts';
import { moment } from './moment.ts';
import { BoardPage } from './pages/board.tsx';
import { CAUSES, CausesPage } from './pages/causes.tsx';
import { CustomerPage } from './pages/customer.tsx';
import { ListPage } from './pages/list.tsx';
import { OperationsPage } from './pages/operations.tsx';
import { OverviewPage } from './pages/overview.tsx';
import { REPORT, ReportPage } from './pages/report.tsx';
import { ThingPage } from './pages/thing.tsx';
import { homeWords } from './parts/crumbs.tsx';
import '../common/scheme.ts';
import { type Session, session } from '../common/session.ts';
import { begin } from '../common/sign-in.ts';
import { useStore } from '../common/store.ts';
import { Shell } from './shell.tsx';
import '../common/style.ts';
import './style.css';
import './work/work.css';
import { match } from '../common/templates.ts';

/** Returns the view of a resource's path. */
const viewAt = (path: string) => {
  if (path === '/operations') return <OperationsPage />;
  const { eventId } = match(CAUSES, path) ?? {};
  if (eventId !== undefined) return <CausesPage key={path} eventId={eventId} />;
  const { context } = match(REPORT, path) ?? {};
  for (const view of contextViews) {
    if (view.name === context) return <ReportPage key={path} view={view} />;
    for (const template of [...Object.keys(view.lists), ...Object.keys(view.things)]) {
      const parameters = match(template, path);
      const Page = template in view.lists ? ListPage : ThingPage;
      if (parameters) return <Page key={path} view={view} template={template} parameters={parameters} />;
    }
  }
  const customer = match('/customers/{id}', path);
  if (customer) return <CustomerPage key={path} id={customer.id!} />;
  return (
    <>
      <h1>{t({ en: 'This page does not exist', ko: '존재하지 않는 페이지입니다' })}</h1>
      <p>
        <Link to="/">{homeWords()}</Link>
      </p>
    </>
  );
};

/** The overview; for users who may not see it, their own things. */
const HomePage = () => {
  const own = ownId();
  return own === undefined || mayFollow() ? <OverviewPage /> : <CustomerPage id={own} />;
};

/** Returns the content of the frame: a page, or the way in. */
const contentAt = (path: string, now: Session) => {
  if (now.state === 'asking') return <Skeleton rows={6} />;
  if (now.state === 'out') return <SignInPage {...now} />;
  return path.startsWith(`${VIEW}/`) ? viewAt(path.slice(VIEW.length)) : <HomePage />;
};

const App = () => {
  const { path } = usePlace();
  const tongue = useStore(language);
  useStore(moment); // What the page offers depends on it.
  useEffect(() => {
    document.documentElement.lang = tongue;
  }, [tongue]);
  const now = useStore(session);
  const isIn = now.state === 'off' || now.state === 'in';
  useEffect(() => (isIn && mayFollow() ? start() : undefined), [isIn]);
  const showsBoard = now.state === 'out' ? may('GET /food-court/board') : now.state !== 'asking';
  if (path === '/board' && showsBoard) return <BoardPage />;
  return <Shell>{contentAt(path, now)}</Shell>;
};

void begin(readOperations);
render(<App />, document.getElementById('page')!);
