/** The field of a stored document that holds its texts in the form of {@link folded}, by field, and {@link CLOSED}. */
export const FOLDED = '_folded';

/** Returns the path of a field's folded text in a stored document. */
export const foldedPath = (field: string): string => `${FOLDED}.${field}`;

/**
 * The path of the value that orders the open items of a view before its closed ones: a flag, or a text with `closedBy`.
 */
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

/**
 * How a field is searched: a name also from its second word on and by its initial consonants (ㅍㄱ finds 판교), a plate
 * also by its last digits, an id by its beginning alone.
 */
export type SearchKind = 'name' | 'plate' | 'id';

/** A text that is derived from a field, folded, and searched by prefix. */
export type FoldedText = {
  /** The name under {@link FOLDED}. */
  name: string;
  field: string;
  /** Returns the text; undefined where the field has none of its own. */
  of(value: string): string | undefined;
  /** Whether the text of any document can begin with a prefix. */
  canBeginWith(prefix: string): boolean;
};

/** Vowels and final consonants, in a text whose syllables are decomposed (NFD). */
const AFTER_INITIALS = /[\u1160-\u11ff]/g;
const INITIAL = /[\u1100-\u1112]/;

/** Returns a folded text with only the initial consonants of its syllables; undefined for a text without syllables. */
const initialsOf = (text: string): string | undefined => {
  const initials = folded(text).normalize('NFD').replaceAll(AFTER_INITIALS, '').normalize('NFKC');
  return INITIAL.test(initials) ? initials : undefined;
};

const fromSecondWord = (text: string): string | undefined => /^\s*\S+\s+(\S.*)/s.exec(text)?.[1];

export const foldedText = (field: string): FoldedText => ({ name: field, field, of: folded, canBeginWith: () => true });

const endOf = (field: string): FoldedText => ({
  name: `${field}End`,
  field,
  of: (value) => /\D(\d+)$/.exec(folded(value))?.[1],
  canBeginWith: (prefix) => /^\d+$/.test(prefix),
});

const wordsOf = (field: string): FoldedText[] => {
  const word = (value: string) => fromSecondWord(value) ?? '';
  const canBeginWith = (prefix: string) => INITIAL.test(prefix);
  return [
    { ...foldedText(`${field}Word`), field, of: (value) => folded(word(value)) || undefined },
    { name: `${field}Initials`, field, of: initialsOf, canBeginWith },
    { name: `${field}WordInitials`, field, of: (value) => initialsOf(word(value)), canBeginWith },
  ];
};

/** Returns the texts by which a field is searched. */
export const searchedTexts = (field: string, kind: SearchKind): FoldedText[] => [
  foldedText(field),
  ...(kind === 'name' ? wordsOf(field) : []),
  ...(kind === 'plate' ? [endOf(field)] : []),
];
