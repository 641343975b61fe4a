import { useEffect, useId, useState } from 'preact/hooks';
import { get, type Page } from '../../common/api.ts';
import { formatMoney, formatNumber, t } from '../../common/language.ts';
import type { Schema } from '../../common/openapi.ts';
import { withQuery } from '../../common/router.tsx';
import { fill } from '../../common/templates.ts';
import type { ContextView, Item } from '../context.ts';
import { labelOf, statusOf } from '../fields.ts';

/** A field of a form: made from its schema. */
export type FieldOf = {
  name: string;
  schema: Schema;
  required: boolean;
};

/** The values of a form, by field. */
export type Values = Readonly<Record<string, unknown>>;

type FieldProps = FieldOf & {
  /** The array whose row contains the field. */
  of?: string;
  view: ContextView;
  /** The values for the form's paths. */
  known: Item;
  value: unknown;
  /** Whether the server refused the value. */
  isWrong?: boolean;
  onValue(value: unknown): void;
};

type Choice = { value: string; label: string };

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
): readonly Choice[] | 'reading' | undefined => {
  const source = isNew ? undefined : view.choices?.[field];
  const path = source && fill(source.list, known);
  const [choices, setChoices] = useState<readonly Choice[] | 'reading' | undefined>(
    path === undefined ? undefined : 'reading',
  );
  useEffect(() => {
    if (!source || path === undefined) return;
    const name = field.split('.').at(-1)!;
    const gone = new AbortController();
    get<Page<Item>>(withQuery(path, source.query ?? {}), undefined, gone.signal)
      .then(({ items }) =>
        setChoices(
          items.map((item) => {
            const price = typeof item.price === 'number' ? ` · ${formatMoney(item.price)}` : '';
            const label = source.label
              .split(' ')
              .map((field) => item[field])
              .join(' · ');
            return { value: String(item[name]), label: `${label}${price}` };
          }),
        ),
      )
      .catch(() => setChoices(undefined)); // then the user types the value
    return () => gone.abort();
  }, [path]);
  return choices;
};

const numberOf = (text: string): unknown => (text === '' ? undefined : Number(text));

const Input = ({ name, of, schema, required, view, known, value, onValue, id }: FieldProps & { id: string }) => {
  const choices = useChoices(view, of === undefined ? name : `${of}.${name}`, !required, known);
  const among = choices ?? schema.enum?.map((word) => ({ value: word, label: t(statusOf(word)) }));
  if (among)
    return (
      <select
        id={id}
        name={name}
        required={required}
        value={String(value ?? '')}
        onChange={(event) => onValue(event.currentTarget.value || undefined)}
      >
        <option value="">
          {among === 'reading' ? t({ en: 'Loading…', ko: '불러오는 중…' }) : t({ en: 'Choose…', ko: '선택…' })}
        </option>
        {(among === 'reading' ? [] : among).map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
    );
  switch (schema.type) {
    case 'boolean':
      return (
        <input
          id={id}
          name={name}
          type="checkbox"
          checked={value === true}
          onChange={(event) => onValue(event.currentTarget.checked)}
        />
      );
    case 'integer':
    case 'number':
      return (
        <input
          id={id}
          name={name}
          type="number"
          inputMode="numeric"
          required={required}
          {...(schema.minimum === undefined ? {} : { min: schema.minimum })}
          {...(schema.maximum === undefined ? {} : { max: schema.maximum })}
          step={1}
          value={value === undefined ? '' : String(value)}
          onInput={(event) => onValue(numberOf(event.currentTarget.value))}
        />
      );
    case 'array':
      return <Texts id={id} name={name} required={required} onTexts={onValue} />;
    default:
      return <Text id={id} name={name} schema={schema} required={required} value={value} onText={onValue} />;
  }
};

/** An array of texts, which the user separates by commas. */
const Texts = ({
  id,
  name,
  required,
  onTexts,
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
  return (
    <input id={id} name={name} required={required} type="text" autoComplete="off" value={typed} onInput={onInput} />
  );
};

type TextProps = Pick<FieldOf, 'name' | 'schema' | 'required'> & {
  id: string;
  value: unknown;
  onText(value: unknown): void;
};

const Text = ({ id, name, schema, required, value, onText }: TextProps) => {
  const { format, maxLength } = schema;
  const onInput = (event: { currentTarget: HTMLInputElement }) => onText(textOf(schema, event.currentTarget.value));
  const text = value === undefined ? '' : String(value);
  const common = { id, name, required, onInput };
  if (format === 'date') return <input {...common} type="date" value={text} />;
  if (format === 'date-time') return <input {...common} type="datetime-local" value={text && localOf(text)} />;
  const longest = maxLength === undefined ? {} : { maxLength };
  return <input {...common} {...longest} type="text" autoComplete="off" value={text} />;
};

/** Converts a moment to the value of a field for local times. */
const localOf = (moment: string): string => {
  const then = new Date(moment);
  return new Date(then.getTime() - then.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};
const textOf = ({ format }: Schema, text: string): unknown => {
  if (text.trim() === '') return undefined;
  return format === 'date-time' ? new Date(text).toISOString() : text;
};

/** Rows of an array of objects: the items of an order. */
const Rows = ({ name, schema, required, view, known, value, onValue }: FieldProps) => {
  const rows = (value as Values[] | undefined) ?? (required ? [{}] : []);
  const least = required ? 1 : 0;
  const remove = (at: number) => {
    const rest = rows.filter((_, other) => other !== at);
    onValue(rest.length > 0 || (schema.minItems ?? 0) === 0 ? rest : undefined);
  };
  const item = schema.items ?? {};
  const change = (at: number, row: Values) => onValue(rows.with(at, row));
  return (
    <div class="rows">
      {rows.map((row, at) => (
        <div class="row" key={at}>
          {fieldsOf(item).map((field) => (
            <Field
              key={field.name}
              {...field}
              of={name}
              view={view}
              known={known}
              value={row[field.name]}
              onValue={(next) => change(at, { ...row, [field.name]: next })}
            />
          ))}
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

/** The fields of an object's schema, in order. */
export const fieldsOf = ({ properties = {}, required = [] }: Schema): FieldOf[] =>
  Object.entries(properties).map(([name, schema]) => ({ name, schema, required: required.includes(name) }));

/** Says what a field takes. */
const expected = ({ type, format, minimum, maximum, maxLength }: Schema): string => {
  const isNumber = type === 'integer' || type === 'number';
  if (isNumber && minimum !== undefined && maximum !== undefined)
    return t({
      en: `A whole number from ${formatNumber(minimum)} to ${formatNumber(maximum)}`,
      ko: `${formatNumber(minimum)}부터 ${formatNumber(maximum)}까지의 정수`,
    });
  if (isNumber) return t({ en: 'A whole number', ko: '정수를 입력하세요' });
  if (format === 'date') return t({ en: 'A day that is not over', ko: '지나지 않은 날짜를 입력하세요' });
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
  const { name, schema, required, isWrong } = props;
  const label = t(labelOf(name));
  if (schema.type === 'array' && schema.items?.properties)
    return (
      <fieldset>
        <legend>{label}</legend>
        {isWrong && (
          <p class="wrong">{t({ en: 'A value here is not possible', ko: '사용할 수 없는 값이 있습니다' })}</p>
        )}
        <Rows {...props} />
      </fieldset>
    );
  if (schema.type === 'object' && schema.properties)
    return (
      <fieldset>
        <legend>{label}</legend>
        {isWrong && (
          <p class="wrong">{t({ en: 'A value here is not possible', ko: '사용할 수 없는 값이 있습니다' })}</p>
        )}
        {fieldsOf(schema).map((field) => (
          <Field
            key={field.name}
            {...field}
            view={props.view}
            known={props.known}
            value={(props.value as Values | undefined)?.[field.name]}
            onValue={(next) => props.onValue({ ...(props.value as Values | undefined), [field.name]: next })}
          />
        ))}
      </fieldset>
    );
  return (
    <div class={schema.type === 'boolean' ? 'field check' : 'field'}>
      <label for={id}>
        {label}
        {!required && schema.type !== 'boolean' && <span class="dim"> {t({ en: '(optional)', ko: '(선택)' })}</span>}
      </label>
      <Input {...props} id={id} />
      {isWrong && (
        <p class="wrong" id={`${id}-wrong`}>
          {expected(schema)}
        </p>
      )}
    </div>
  );
};
