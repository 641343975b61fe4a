import { t } from '../../common/language.ts';
import { session } from '../../common/session.ts';
import { SignInAgain } from '../../common/sign-in-page.tsx';
import { useNow, useStore } from '../../common/store.ts';
import { mayFollow } from '../access.ts';
import { warningsOf } from '../health.ts';
import { connection, overview, overviewProblem, tryNow } from '../live.ts';

/** The current warnings in words. */
export const Banner = () => {
  const { state } = useStore(session);
  const all = warningsOf(useStore(overview), useStore(connection), useNow(1000), useStore(overviewProblem));
  const warnings = state === 'asking' || (state !== 'over' && mayFollow()) ? all : [];
  return (
    <div class="banner" role="status" aria-live="polite">
      <SignInAgain />
      {warnings.map(({ name, words }) => (
        <p key={name} class={name} data-warning={name}>
          {t(words)}
          {name === 'wrong-event-store' && <a href="/view/operations">{t({ en: 'Operations', ko: '운영' })}</a>}
          {name !== 'wrong-event-store' && name !== 'stale' && name !== 'policies' && (
            <button type="button" onClick={tryNow}>
              {t({ en: 'Try now', ko: '지금 다시 시도' })}
            </button>
          )}
        </p>
      ))}
    </div>
  );
};
