import { Type } from 'typebox';

/** The largest and the default number of items on a page. */
export const MAX_LIMIT = 200;
export const DEFAULT_LIMIT = 50;

/** `limit`: items on a page. */
export const Limit = Type.Integer({ minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT });

/** `cursor`: the start of a page, from the previous page. */
export const CursorText = Type.String({ pattern: '^[A-Za-z0-9_-]{1,1024}$', description: 'Opaque.' });

/** `sort`: one of the fields, or `-` and the field for the reverse. */
export const SortText = (fields: readonly string[]) =>
  Type.String({ enum: fields.flatMap((field) => [field, `-${field}`]) });
