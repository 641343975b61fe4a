import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { formatMoment, formatMoney, formatNumber, t } from '../../common/language.ts';
import { Link, VIEW } from '../../common/router.tsx';
import { useStore } from '../../common/store.ts';
import { fill } from '../../common/templates.ts';
import { may } from '../access.ts';
import type { ContextView, Item, Names } from '../context.ts';
import { mayOpenCustomer } from '../customers.ts';
import { kindOf, labelOf, statusOf } from '../fields.ts';
import { overview } from '../live.ts';
import { isDay, isTimeOfDay, textOf } from '../texts.ts';

/** A status as a word; its colour only adds to it. */
export const Status = ({ status }: { status: string }) => {
  const words = statusOf(status);
  return <span class={`status ${words.tone}`}>{t(words)}</span>;
};

const Lines = ({ lines }: { lines: readonly { name: string; qty: number }[] }) => (
  <>{lines.map(({ name, qty }) => `${name} × ${formatNumber(qty)}`).join(', ')}</>
);

const History = ({ history }: { history: readonly { status: string; time: string }[] }) => (
  <ol class="so-far">
    {history.map(({ status, time }) => (
      <li key={time + status}>
        <Status status={status} /> <time dateTime={time}>{formatMoment(time)}</time>
      </li>
    ))}
  </ol>
);

const Bill = ({ bill }: { bill: { status: string; minutes?: number; fee?: number; paid?: number } }) => (
  <>
    <Status status={bill.status} /> {bill.fee === undefined ? '' : formatMoney(bill.fee)}
  </>
);

type Session = { at: string; capacity: number; left?: number };

/** The times of day of a slot, each with the places that are left of all. */
const Sessions = ({ sessions }: { sessions: readonly Session[] }) => (
  <>
    {sessions
      .map(
        ({ at, capacity, left }) =>
          `${at} ${left === undefined ? '' : `${formatNumber(left)}/`}${formatNumber(capacity)}`,
      )
      .join(', ')}
  </>
);

type Wording = { subject: string; text: string };

/** Formats a field's value by its kind; never as markup. */
const shown = (field: string, value: unknown): ComponentChildren => {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(', ');
  const text = textOf(field, value);
  if (isTimeOfDay(value)) return <time>{text}</time>;
  if (isDay(value)) return <time dateTime={value}>{text}</time>;
  switch (kindOf(field)) {
    case 'number':
    case 'money':
    case 'percent':
      return text;
    case 'rating':
      return value === 0 ? <span class="none">–</span> : formatNumber(Number(value));
    case 'sessions':
      return <Sessions sessions={value as Session[]} />;
    case 'time':
    case 'start':
      return <time dateTime={String(value)}>{text}</time>;
    case 'status':
      return <Status status={String(value)} />;
    case 'flag':
      return value ? t({ en: 'yes', ko: '예' }) : t({ en: 'no', ko: '아니요' });
    case 'lines':
      return <Lines lines={value as { name: string; qty: number }[]} />;
    case 'history':
      return <History history={value as { status: string; time: string }[]} />;
    case 'texts': {
      const { en, ko } = value as { en: Wording; ko: Wording };
      return <bdi class="lines">{t({ en: en.text, ko: ko.text })}</bdi>;
    }
    case 'bill':
      return <Bill bill={value as { status: string }} />;
    case 'reservation':
      return <bdi class="id">{(value as { reservationId: string }).reservationId}</bdi>;
    default:
      return <bdi class={field.endsWith('Id') ? 'id' : undefined}>{String(value)}</bdi>;
  }
};

const NUMERIC: ReadonlySet<string> = new Set(['number', 'money', 'percent', 'rating']);

/** Returns whether a field's values are right-aligned. */
export const isNumeric = (field: string): boolean => NUMERIC.has(kindOf(field));

/** Returns the names of a context's resources by their ids, as far as the overview contains them. */
const useNames = (view: ContextView): Names => {
  const part = useStore(overview)?.contexts[view.name];
  return useMemo(() => (part && view.names?.(part as never)) ?? {}, [part, view]);
};

type ValueProps = {
  view: ContextView;
  field: string;
  item: Item;
  /** The resource named by the current path. */
  here?: string;
  isInLink?: boolean;
};

/** Returns the template of the resource that a field names. */
const namedBy = ({ customer, links, things }: ContextView, field: string): string | undefined => {
  if (field === customer?.field) return `/customers/{${field}}`;
  return links?.[field] ?? Object.keys(things).find((template) => template.endsWith(`/{${field}}`));
};

/** A field of an item: a link where it names another resource. */
export const Value = ({ view, field, item, here, isInLink }: ValueProps) => {
  const names = useNames(view);
  const value = item[field];
  if (value === undefined || value === null) return <span class="none">–</span>;
  const template = isInLink ? undefined : namedBy(view, field);
  const ids = typeof value === 'object' ? { ...item, ...value } : item;
  const path = template === undefined ? undefined : fill(template, ids);
  const isOffered = template?.startsWith('/customers/') ? mayOpenCustomer(String(value)) : may(`GET ${template}`, item);
  const name = names[field]?.get(String(value));
  const words = name === undefined || path === here ? shown(field, value) : <bdi title={String(value)}>{name}</bdi>;
  if (path === undefined || path === here || !isOffered) return <>{words}</>;
  return <Link to={VIEW + path}>{words}</Link>;
};

/** The fields of a resource. */
export const Fields = ({ fields, ...value }: Omit<ValueProps, 'field'> & { fields: readonly string[] }) => (
  <dl class="fields">
    {fields.map((field) => (
      <div key={field}>
        <dt>{t(labelOf(field))}</dt>
        <dd>
          <Value field={field} {...value} />
        </dd>
      </div>
    ))}
  </dl>
);
