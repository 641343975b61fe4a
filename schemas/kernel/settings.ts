import { type Static, type TOptional, type TProperties, type TSchema, type TUnsafe, Type } from 'typebox';
import { defined } from './defined.ts';

type Unsettable<Schema extends TSchema> = TOptional<TUnsafe<Static<Schema> | null>>;

/**
 * Returns the schema of an optional setting in a command that changes it: a value, `null` to unset it, or left out to
 * keep it. Answers, events and views have no `null`, since their readers know settings that are left out.
 */
export const unsettable = <Schema extends TSchema>(schema: Schema): Unsettable<Schema> => {
  const { type, description = '' } = schema as { type?: string; description?: string };
  return Type.Optional(
    Type.Unsafe<Static<Schema> | null>({
      ...schema,
      type: [type, 'null'],
      description: description.includes('Left out:')
        ? description.replace('Left out:', '`null`:')
        : `${description} \`null\`: the default.`.trim(),
    }),
  );
};

/** Returns {@link unsettable} for each of some settings. */
export const unsettables = <Settings extends TProperties>(settings: Settings) =>
  Object.fromEntries(Object.entries(settings).map(([name, schema]) => [name, unsettable(schema)])) as {
    [Name in keyof Settings]: Unsettable<Settings[Name]>;
  };

/** Returns the fields of a change that have a value. */
export const withoutNull = <Fields extends object>(fields: Fields) =>
  defined(Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value ?? undefined]))) as {
    [Name in keyof Fields]: Exclude<Fields[Name], null>;
  };

/** Returns what an event of changed settings adds to some settings, without those that it unsets. */
export const settingsAfter = <Settings extends object>(
  settings: Settings,
  { unset = [], ...changed }: Partial<Settings> & { unset?: readonly string[] | undefined },
): Settings =>
  Object.fromEntries(Object.entries({ ...settings, ...changed }).filter(([name]) => !unset.includes(name))) as Settings;
