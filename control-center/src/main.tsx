import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { contextViews } from './contexts/index.ts';
import { language, t } from './language.ts';
import { start } from './live.ts';
import { BoardPage } from './pages/board.tsx';
import { CustomerPage } from './pages/customer.tsx';
import { ListPage } from './pages/list.tsx';
import { OperationsPage } from './pages/operations.tsx';
import { OverviewPage } from './pages/overview.tsx';
import { ThingPage } from './pages/thing.tsx';
import { usePlace, VIEW } from './router.tsx';
import './scheme.ts';
import { Shell } from './shell.tsx';
import { useStore } from './store.ts';
import './style.css';
import { match } from './templates.ts';

/** The view of a resource's path. */
const viewAt = (path: string) => {
  if (path === '/operations') return <OperationsPage />;
  const customer = match('/customers/{id}', path);
  if (customer) return <CustomerPage key={path} id={customer.id!} />;
  for (const view of contextViews) {
    for (const template of Object.keys(view.lists)) {
      const parameters = match(template, path);
      if (parameters) return <ListPage key={path} view={view} template={template} parameters={parameters} />;
    }
    for (const template of Object.keys(view.things)) {
      const parameters = match(template, path);
      if (parameters) return <ThingPage key={path} view={view} template={template} parameters={parameters} />;
    }
  }
  return <h1>{t({ en: 'There is no such page', ko: '없는 페이지입니다' })}</h1>;
};

const App = () => {
  const { path } = usePlace();
  const tongue = useStore(language);
  useEffect(() => {
    document.documentElement.lang = tongue;
    document.title = `Plaza · ${t({ en: 'control centre', ko: '통합 관제' })}`;
  }, [tongue]);
  if (path === '/board') return <BoardPage />;
  return <Shell>{path.startsWith(`${VIEW}/`) ? viewAt(path.slice(VIEW.length)) : <OverviewPage />}</Shell>;
};

start();
render(<App />, document.getElementById('page')!);
