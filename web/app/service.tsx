import type { ComponentChildren } from 'preact';
import { Link } from '../common/router.tsx';
import type { Update } from '../common/updates.ts';
import { Skeleton } from './parts.tsx';
import { say } from './words.ts';

/** Milliseconds between two reads of the home page's lists. */
export const EVERY = 10_000;
/** Rows of each service. */
const ROWS = 3;

/** A service's rows on the home page; nothing where Plaza does not answer, or has nothing to offer. */
export const Service = <Item,>({
  title,
  to,
  of: { body, problem },
  children,
}: {
  title: string;
  to: string;
  of: Update<readonly Item[]>;
  children: (item: Item) => ComponentChildren;
}) => {
  if ((!body && problem) || body?.length === 0) return null;
  return (
    <section class="service">
      <header>
        <h2>{title}</h2>
        <Link to={to}>
          {say('전체', 'All')}
          <span class="unseen"> {title}</span>
        </Link>
      </header>
      {body ? <ul class="rows">{body.slice(0, ROWS).map(children)}</ul> : <Skeleton rows={2} />}
    </section>
  );
};
