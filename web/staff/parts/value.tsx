import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { formatMoment, formatMoney, formatNumber, type Language, t } from '../../common/language.ts';
import { Link, VIEW } from '../../common/router.tsx';
import { useStore } from '../../common/store.ts';
import { fill } from '../../common/templates.ts';
import { may } from '../access.ts';
import type { ContextView, Item, Names } from '../context.ts';
import { mayOpenCustomer } from '../customers.ts';
import { type Kind, kindOf, labelOf, statusOf } from '../fields.ts';
import { overview } from '../live.ts';
import { shownNow } from '../moment.ts';
import { type Session, valueAt } from '../places.ts';
import { isDay, isTimeOfDay, textOf } from '../texts.ts';

/** A status as a word; its colour only adds to it. */
export const Status = ({ status }: { status: string }) => {
  const words = statusOf(status);
  return <span class={`status ${words.tone}`}>{t(words)}</span>;
};

type Step = { status: string; time: string };
type Bill = { status: string; fee?: number };

/** How the values of each kind that is more than a text are shown. */
const shows: Readonly<Partial<Record<Kind, (value: never) => ComponentChildren>>> = {
  rating: (rating: number) => (rating === 0 ? <span class="none">–</span> : formatNumber(rating)),
  status: (status: string) => <Status status={status} />,
  flag: (isSet: boolean) => (isSet ? t({ en: 'yes', ko: '예' }) : t({ en: 'no', ko: '아니요' })),
  lines: (lines: readonly { name: string; qty: number }[]) =>
    lines.map(({ name, qty }) => `${name} × ${formatNumber(qty)}`).join(', '),
  // The times of day of a slot, each with the places that are left of all.
  sessions: (sessions: readonly Session[]) =>
    sessions
      .map(({ at, capacity, left, isOver }) => {
        if (isOver) return `${at} ${t({ en: 'over', ko: '종료' })}`;
        return `${at} ${left === undefined ? '' : `${formatNumber(left)}/`}${formatNumber(capacity)}`;
      })
      .join(', '),
  history: (steps: readonly Step[]) => (
    <ol class="so-far">
      {steps.map(({ status, time }) => (
        <li key={time + status}>
          <Status status={status} /> <time dateTime={time}>{formatMoment(time)}</time>
        </li>
      ))}
    </ol>
  ),
  bill: ({ status, fee }: Bill) => (
    <>
      <Status status={status} /> {fee === undefined ? '' : formatMoney(fee)}
    </>
  ),
  reservation: ({ reservationId }: { reservationId: string }) => <bdi class="id">{reservationId}</bdi>,
  texts: ({ en, ko }: Record<Language, { text: string }>) => <bdi class="lines">{t({ en: en.text, ko: ko.text })}</bdi>,
};

const TIMES: ReadonlySet<string> = new Set(['time', 'start']);

/** Formats a field's value by its kind; never as markup. */
const shown = (field: string, value: unknown): ComponentChildren => {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(', ');
  const kind = kindOf(field);
  const text = textOf(field, value);
  if (isTimeOfDay(value)) return <time>{text}</time>;
  if (isDay(value) || TIMES.has(kind)) return <time dateTime={String(value)}>{text}</time>;
  const show = shows[kind];
  if (show) return show(value as never);
  const isText = kind === 'text' || kind === 'reason';
  return isText ? <bdi class={field.endsWith('Id') ? 'id' : undefined}>{text}</bdi> : text;
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
  const value = valueAt(field, item, shownNow());
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
        <dt>{t(labelOf(field, value.view.name))}</dt>
        <dd>
          <Value field={field} {...value} />
        </dd>
      </div>
    ))}
  </dl>
);
