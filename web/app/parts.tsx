import { ChevronRight, type IconNode } from 'lucide';
import type { ComponentChildren, ComponentProps } from 'preact';
import { useEffect, useId, useState } from 'preact/hooks';
import { Dialog } from '../common/dialog.tsx';
import { Icon } from '../common/icon.tsx';
import { formatMinute } from '../common/language.ts';
import { Link } from '../common/router.tsx';
import { Select, type SelectProps } from '../common/select.tsx';
import { Skeleton } from '../common/skeleton.tsx';
import { useStore } from '../common/store.ts';
import { hearing, readAgain, type Update } from '../common/updates.ts';
import { Refused } from './command.tsx';
import { say } from './words.ts';

/** A page's heading; it is also the title of the document. */
export const Heading = ({ children }: { children: string }) => {
  useEffect(() => {
    document.title = `${children} · Plaza`;
  }, [children]);
  return <h1>{children}</h1>;
};

export { Skeleton };

/** Shows the answer that was read, or why there is nothing yet. */
export const Loaded = <Body,>({
  of: { body, problem },
  rows = 3,
  children,
}: {
  of: Update<Body>;
  rows?: number;
  children: (body: Body) => ComponentChildren;
}) => {
  if (body !== undefined) return <>{children(body)}</>;
  if (problem?.status === 0)
    return <p class="dim">{say('다시 연결되면 내용이 나옵니다.', 'This appears when Plaza answers again.')}</p>;
  if (!problem) return <Skeleton rows={rows} />;
  return (
    <>
      <Refused problem={problem} />
      {problem.status === 404 && (
        <Link to="/app" class="button">
          {say('홈', 'Home')}
        </Link>
      )}
    </>
  );
};

/** The rows of a list that was read. @param none says that there is nothing */
export const Rows = <Item,>({
  of,
  none,
  children,
  ...list
}: {
  of: Update<readonly Item[]>;
  none: string;
  children: (item: Item) => ComponentChildren;
  'aria-label'?: string;
}) => (
  <Loaded of={of}>
    {(items) =>
      items.length === 0 ? (
        <p class="dim">{none}</p>
      ) : (
        <ul class="rows" {...list}>
          {items.map(children)}
        </ul>
      )
    }
  </Loaded>
);

/** A row that leads to another page. */
export const RowLink = ({
  to,
  icon,
  title,
  about,
  aside,
}: {
  to: string;
  icon?: IconNode;
  title: ComponentChildren;
  about?: ComponentChildren;
  aside?: ComponentChildren;
}) => (
  <li class="item">
    <Link to={to} class="row">
      {icon && (
        <span class="badge">
          <Icon of={icon} />
        </span>
      )}
      <span class="text">
        <strong>{title}</strong>
        {about !== undefined && <span class="dim">{about}</span>}
      </span>
      {aside !== undefined && <span class="aside">{aside}</span>}
      <Icon of={ChevronRight} size={18} />
    </Link>
  </li>
);

/** A ticket of a service: a row that leads to its page, whether it is still to be used, and its time. */
export type Ticket = ComponentProps<typeof RowLink> & { isOpen: boolean; at: string };

export const TicketRows = ({ of }: { of: readonly Ticket[] }) => (
  <ul class="rows">
    {of.map((ticket) => (
      <RowLink key={ticket.to} {...ticket} />
    ))}
  </ul>
);

/** A labelled value of a ticket; nothing without a value. */
export const Fact = ({ label, children }: { label: string; children?: ComponentChildren }) =>
  children === undefined || children === false ? null : (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );

/** A labelled choice. */
export const Choice = <Value extends string | number>({ label, ...select }: SelectProps<Value> & { label: string }) => {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <Select id={id} {...select} />
    </div>
  );
};

/** A labelled field for a text. @param wrong why it was not accepted */
export const TextField = ({
  id,
  label,
  wrong,
  onText,
  ...input
}: ComponentProps<'input'> & {
  id: string;
  label: string;
  wrong: string | undefined;
  onText(text: string): void;
}) => (
  <div class="field">
    <label for={id}>{label}</label>
    <input
      id={id}
      {...input}
      aria-invalid={wrong === undefined ? undefined : 'true'}
      aria-describedby={wrong === undefined ? undefined : `${id}-wrong`}
      onInput={(event) => onText(event.currentTarget.value)}
    />
    {wrong !== undefined && (
      <p class="wrong" id={`${id}-wrong`} role="alert">
        {wrong}
      </p>
    )}
  </div>
);

/** A button that asks once more, and says what will happen. @param title of the question, if not the button's words */
export const ConfirmButton = ({
  words,
  title = words,
  kind = 'danger',
  effect,
  isBusy,
  onConfirm,
}: {
  words: string;
  title?: string;
  kind?: 'danger' | 'main';
  effect: string;
  isBusy: boolean;
  onConfirm(): void;
}) => {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        class={kind === 'danger' ? kind : undefined}
        disabled={isBusy}
        onClick={() => setOpen(true)}
      >
        {words}
      </button>
      {isOpen && (
        <Dialog title={title} onClose={() => setOpen(false)}>
          <p>{effect}</p>
          <form method="dialog" class="actions">
            <button type="submit" class={kind} onClick={onConfirm}>
              {title}
            </button>
            <button type="submit">{say('돌아가기', 'Back')}</button>
          </form>
        </Dialog>
      )}
    </>
  );
};

/** Tells that Plaza does not answer, and how old the page's data are. */
export const Outage = () => {
  const { isHeard, at } = useStore(hearing);
  return (
    <div class="outage" role="status">
      {!isHeard && (
        <p>
          <span>
            {say('Plaza에 연결할 수 없습니다.', 'Plaza does not answer.')}{' '}
            {at !== undefined && say(`${formatMinute(at)} 기준 내용입니다.`, `As of ${formatMinute(at)}.`)}
          </span>
          <button type="button" onClick={readAgain}>
            {say('다시 시도', 'Try now')}
          </button>
        </p>
      )}
    </div>
  );
};
