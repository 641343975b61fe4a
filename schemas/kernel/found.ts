import { type Static, Type } from 'typebox';
import { CursorText, MAX_LIMIT } from './paging.ts';
import { Strict, TEXT_PATTERN } from './values.ts';

export const SEARCH = '/control-center/search';

/** `q`: what somebody typed. */
export const SearchText = Type.String({ minLength: 1, maxLength: 200, pattern: TEXT_PATTERN, examples: ['정자'] });

export type Found = Static<typeof Found>;
export const Found = Strict({
  context: Type.String({ examples: ['parking'] }),
  kind: Type.String({ description: 'The name of its query.', examples: ['lot'] }),
  path: Type.String({ description: 'Of the document.', examples: ['/parking/lots/1'] }),
  item: Type.Record(Type.String(), Type.Unknown(), { description: 'The document, as its path answers it.' }),
});

export const FoundPage = Strict({
  items: Type.Array(Found, { maxItems: MAX_LIMIT }),
  next: Type.Optional(CursorText),
});
