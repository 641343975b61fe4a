import type { Cursors } from './cursors.ts';
import { CommandError } from './errors.ts';
import type { Fields, Spec } from './fields.ts';
import type { Pace } from './pace.ts';
import type { Storage } from './storage.ts';
import { type Doc, typeName } from './values.ts';
import type { CursorBatch } from './wire.ts';

export type Context = { storage: Storage; cursors: Cursors; log: (line: string) => void };
/** The document of a reply, which gets `ok`, or a batch of a cursor. */
export type Reply = Doc | { cursor: CursorBatch };

/** A command being executed. `argument` is the value of the field that names it, mostly a collection. */
export type Call = Context & { db: string; argument: unknown; pace: Pace; maxTimeMS: number };

export type Command = {
  /** Undefined: any field is accepted. */
  spec: Spec | undefined;
  run(call: Call, fields: Fields<Spec>): Reply | Promise<Reply>;
};

export const command = <S extends Spec>(
  spec: S,
  run: (call: Call, fields: Fields<S>) => Reply | Promise<Reply>,
): Command => ({ spec, run: run as Command['run'] });

/** Returns the name of a command's collection. @throws CommandError 73 */
export const nameIn = ({ db, argument }: Call): string => {
  if (typeof argument !== 'string')
    throw new CommandError(73, `Collection name has invalid type ${typeName(argument)}`);
  return checkName(db, argument);
};

export const checkName = (db: string, name: string): string => {
  const isDatabase = db !== '' && db.length <= 63 && !/[/\\. "$*<>:|?\0]/.test(db);
  const isCollection = name !== '' && name.length <= 200 && !/[$\0]|^\.|\.$/.test(name) && !name.startsWith('system.');
  if (!isDatabase || !isCollection) throw new CommandError(73, `Invalid namespace specified '${db}.${name}'`);
  return name;
};
