/** The field of a stored document that holds its texts in the form of {@link folded}, by field, and {@link CLOSED}. */
export const FOLDED = '_folded';

/** Returns the path of a field's folded text in a stored document. */
export const foldedPath = (field: string): string => `${FOLDED}.${field}`;

/** The path of the value that orders the open items of a view before its closed ones: a flag, or a text with `closedBy`. */
export const CLOSED = foldedPath('closed');

/** Spaces, and characters that are not visible or mean nothing. */
const IGNORED = /[\s\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/gu;

/**
 * Returns a text in the form in which a search by prefix compares it: without case, spaces and invisible characters, in
 * Unicode NFKC, so that full-width and decomposed letters equal the usual ones. The upper case comes last, because the
 * lower case of a Greek sigma depends on its place in the word.
 */
export const folded = (text: string): string =>
  text.normalize('NFKC').toLowerCase().toUpperCase().replaceAll(IGNORED, '').normalize('NFKC');

/** Follows every folded text that begins with a prefix: folded text has no noncharacters. */
const LAST = '\u{10ffff}';

/** Returns the condition that a folded text begins with a prefix: a range of text, which an index answers. */
export const beginsWith = (prefix: string): { $gte: string; $lt: string } => ({ $gte: prefix, $lt: prefix + LAST });
