import { useEffect, useId, useState } from 'preact/hooks';
import { get, type Page } from '../../common/api.ts';
import { formatMoney, formatNumber, same, t } from '../../common/language.ts';
import type { Schema } from '../../common/openapi.ts';
import { withQuery } from '../../common/router.tsx';
import { type Option, Select } from '../../common/select.tsx';
import { fill } from '../../common/templates.ts';
import { TimeInput } from '../../common/time-input.tsx';
import type { ContextView, Item } from '../context.ts';
import { hintOf, labelOf, statusOf } from '../fields.ts';
import { filled, textOf } from '../texts.ts';
import { type Faults, type FieldOf, fieldsOf, isFaulty, isGroupFaulty, type Values } from './form-values.ts';

type FieldProps = Omit<FieldOf, 'isUnsettable'> & {
  /** The array whose row contains the field. */
  of?: string | undefined;
  view: ContextView;
  /** The values for the form's paths. */
  known: Item;
  value: unknown;
  /** The pointer of the value in the request's body: `/sessions/0/at`. */
  at: string;
  /** The values that the server refused. */
  faults: Faults;
  onValue(value: unknown): void;
};

/**
 * Reads the choices of a field that names an item of a list.
 * @param field `lines.menuId` for a field of a row
 * @param isNew whether the field names an item that does not exist yet
 * @returns undefined when there is no list, `reading` until it is read
 */
const useChoices = (
  view: ContextView,
  field: string,
  isNew: boolean,
  known: Item,
): readonly Option[] | 'reading' | undefined => {
  const source = isNew ? undefined : view.choices?.[field];
  const path = source && fill(source.list, known);
  const [choices, setChoices] = useState<readonly Option[] | 'reading' | undefined>(
    path === undefined ? undefined : 'reading',
  );
  useEffect(() => {
    if (!source || path === undefined) return;
    const name = field.split('.').at(-1)!;
    const gone = new AbortController();
    const query = Object.entries(source.query ?? {}).map(([name, value]) => [name, filled(same(value), known)]);
    get<Page<Item>>(withQuery(path, Object.fromEntries(query)), undefined, gone.signal)
      .then(({ items }) =>
        setChoices(
          items.map((item): Option => {
            const price = typeof item.price === 'number' ? ` · ${formatMoney(item.price)}` : '';
            const label = source.label
              .split(' ')
              .flatMap((field) => (item[field] === undefined ? [] : [textOf(field, item[field])]))
              .join(' · ');
            return [String(item[name]), `${label}${price}`];
          }),
        ),
      )
      .catch(() => setChoices(undefined)); // then the user types the value
    return () => gone.abort();
  }, [path]);
  return choices;
};

/** The pattern of a time of day in OpenAPI. */
const TIME_OF_DAY = '^([01]\\d|2[0-3]):[0-5]\\d$';

type InputProps = Omit<FieldProps, 'at' | 'faults'> & {
  id: string;
  isWrong: boolean;
  /** The id of the text that describes the field. */
  about: string | undefined;
};

const Input = ({ name, of, schema, required, view, known, value, onValue, id, isWrong, about }: InputProps) => {
  const choices = useChoices(view, of === undefined ? name : `${of}.${name}`, !required, known);
  const among = choices ?? schema.enum?.map((word): Option => [word, t(statusOf(word))]);
  const common = { id, name, required, 'aria-invalid': isWrong || undefined, 'aria-describedby': about };
  const text = value === undefined ? '' : String(value);
  if (among) {
    const isReading = among === 'reading';
    const none = isReading ? t({ en: 'Loading…', ko: '불러오는 중…' }) : t({ en: 'Choose…', ko: '선택…' });
    return (
      <Select
        {...common}
        value={text}
        options={[['', none], ...(isReading ? [] : among)]}
        onChoose={(chosen) => onValue(chosen || undefined)}
      />
    );
  }
  const { type, format, pattern, minimum, maximum, maxLength } = schema;
  if (type === 'boolean')
    return (
      <input
        id={id}
        name={name}
        type="checkbox"
        checked={value === true}
        onChange={(event) => onValue(event.currentTarget.checked)}
      />
    );
  if (type === 'array') return <Texts {...common} onTexts={onValue} />;
  if (format === 'date-time') return <TimeInput {...common} value={text} onTime={onValue} />;
  const typed = (event: { currentTarget: HTMLInputElement }) => event.currentTarget.value;
  if (type === 'integer' || type === 'number')
    return (
      <input
        {...common}
        type="number"
        inputMode="numeric"
        min={minimum}
        max={maximum}
        step={1}
        value={text}
        onInput={(event) => onValue(typed(event) === '' ? undefined : Number(typed(event)))}
      />
    );
  const onInput = (event: { currentTarget: HTMLInputElement }) =>
    onValue(typed(event).trim() === '' ? undefined : typed(event));
  if (format === 'date') return <input {...common} type="date" value={text} onInput={onInput} />;
  if (pattern === TIME_OF_DAY) return <input {...common} type="time" value={text} onInput={onInput} />;
  return <input {...common} type="text" maxLength={maxLength} autoComplete="off" value={text} onInput={onInput} />;
};

/** An array of texts, which the user separates by commas. */
const Texts = ({
  onTexts,
  ...common
}: Pick<FieldOf, 'name' | 'required'> & { id: string; onTexts(texts: unknown): void }) => {
  const [typed, setTyped] = useState('');
  const onInput = (event: { currentTarget: HTMLInputElement }) => {
    setTyped(event.currentTarget.value);
    const texts = event.currentTarget.value
      .split(',')
      .map((text) => text.trim())
      .filter((text) => text !== '');
    onTexts(texts.length > 0 ? texts : undefined);
  };
  return <input {...common} type="text" autoComplete="off" value={typed} onInput={onInput} />;
};

/** The fields of an object. */
const Fields = ({ of, at, faults, schema, view, known, value, onValue }: Omit<FieldProps, 'name' | 'required'>) => (
  <>
    {fieldsOf(schema).map((field) => (
      <Field
        key={field.name}
        {...field}
        of={of}
        at={`${at}/${field.name}`}
        faults={faults}
        view={view}
        known={known}
        value={(value as Values | undefined)?.[field.name]}
        onValue={(next) => onValue({ ...(value as Values | undefined), [field.name]: next })}
      />
    ))}
  </>
);

/** Rows of an array of objects: the items of an order. */
const Rows = ({ name, at: pointer, faults, schema, required, view, known, value, onValue }: FieldProps) => {
  const rows = (value as Values[] | undefined) ?? (required ? [{}] : []);
  const least = required ? 1 : 0;
  const remove = (at: number) => {
    const rest = rows.filter((_, other) => other !== at);
    onValue(rest.length > 0 || (schema.minItems ?? 0) === 0 ? rest : undefined);
  };
  return (
    <div class="rows">
      {rows.map((row, at) => (
        <div class="row" key={at}>
          <Fields
            of={name}
            at={`${pointer}/${at}`}
            faults={faults}
            schema={schema.items!}
            view={view}
            known={known}
            value={row}
            onValue={(next) => onValue(rows.with(at, next as Values))}
          />
          {rows.length > least && (
            <button type="button" class="quiet" onClick={() => remove(at)}>
              {t({ en: 'Remove', ko: '삭제' })}
            </button>
          )}
        </div>
      ))}
      {rows.length < (schema.maxItems ?? 100) && (
        <button type="button" class="quiet" onClick={() => onValue([...rows, {}])}>
          {t({ en: 'Add', ko: '추가' })}
        </button>
      )}
    </div>
  );
};

/** The pattern of an id in OpenAPI. */
const ID = '^[A-Za-z0-9_-]{1,64}$';

/** Says what a field takes. */
const expected = ({ type, format, pattern, minimum, maximum, maxLength }: Schema): string => {
  const isNumber = type === 'integer' || type === 'number';
  if (isNumber && minimum !== undefined && maximum !== undefined)
    return t({
      en: `A whole number from ${formatNumber(minimum)} to ${formatNumber(maximum)}`,
      ko: `${formatNumber(minimum)}부터 ${formatNumber(maximum)}까지의 정수`,
    });
  if (isNumber) return t({ en: 'A whole number', ko: '정수를 입력하세요' });
  if (format === 'date') return t({ en: 'A day that is not over', ko: '지나지 않은 날짜를 입력하세요' });
  if (pattern === TIME_OF_DAY) return t({ en: 'A time of day, such as 09:00', ko: '09:00처럼 시각을 입력하세요' });
  if (pattern === ID)
    return t({
      en: 'Letters, digits, - and _, at most 64, without spaces',
      ko: '영문자, 숫자, -, _만 사용해 띄어쓰기 없이 64자까지 입력하세요',
    });
  if (maxLength !== undefined)
    return t({
      en: `Not blank, at most ${formatNumber(maxLength)} characters, without control characters`,
      ko: `빈칸이나 제어 문자 없이 ${formatNumber(maxLength)}자까지 입력하세요`,
    });
  return t({ en: 'This value is not possible', ko: '사용할 수 없는 값입니다' });
};

/** A labelled field, made from its schema. */
export const Field = (props: FieldProps) => {
  const id = useId();
  const { name, schema, required, view, at, faults } = props;
  const label = t(labelOf(name, view.name));
  const hasRows = schema.type === 'array' && schema.items?.properties !== undefined;
  if (hasRows || schema.properties)
    return (
      <fieldset>
        <legend>{label}</legend>
        {isGroupFaulty(faults, at) && (
          <p class="wrong">{t({ en: 'A value here is not possible', ko: '사용할 수 없는 값이 있습니다' })}</p>
        )}
        {hasRows ? <Rows {...props} /> : <Fields {...props} />}
      </fieldset>
    );
  const isWrong = isFaulty(faults, at);
  const hint =
    hintOf(name) ??
    (schema.type === 'array' ? { en: 'With commas between them', ko: '쉼표로 구분해 입력하세요' } : undefined);
  const about = isWrong || hint ? `${id}-about` : undefined;
  return (
    <div class={schema.type === 'boolean' ? 'field check' : 'field'}>
      <label for={id}>
        {label}
        {!required && schema.type !== 'boolean' && <span class="dim"> {t({ en: '(optional)', ko: '(선택)' })}</span>}
      </label>
      <Input {...props} id={id} isWrong={isWrong} about={about} />
      {about && (
        <p class={isWrong ? 'wrong' : 'dim'} id={about}>
          {hint ? t(hint) : expected(schema)}
        </p>
      )}
    </div>
  );
};
