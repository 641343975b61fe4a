import { warningsOf } from '../health.ts';
import { t } from '../language.ts';
import { connection, overview } from '../live.ts';
import { useNow, useStore } from '../store.ts';

/** What is wrong with what the page shows, in words; nothing when all is well. */
export const Banner = () => {
  const warnings = warningsOf(useStore(overview), useStore(connection), useNow(1000));
  return (
    <div class="banner" role="status" aria-live="polite">
      {warnings.map(({ name, words }) => (
        <p key={name} class={name} data-warning={name}>
          {t(words)}
        </p>
      ))}
    </div>
  );
};
