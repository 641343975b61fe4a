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
 * How a field is searched: a name from the beginning of each of its first words on and by its initial consonants (ㅍㄱ
 * finds 판교), a plate also by its last digits, a phone number in any spelling, an id by its beginning alone.
 */
export type SearchKind = 'name' | 'plate' | 'phone' | 'id';

/** A text that is derived from a field, folded, and searched by prefix. */
export type FoldedText = {
  /** The name under {@link FOLDED}. */
  name: string;
  field: string;
  /** Returns the text; undefined where the field has none of its own. */
  of(value: string): string | undefined;
  /** Returns how the texts begin that somebody looks for by a typed text; undefined when no text begins so. */
  asked(typed: string): string | undefined;
};

/** Vowels and final consonants, in a text whose syllables are decomposed (NFD). */
const AFTER_INITIALS = /[\u1160-\u11ff]/g;
const INITIAL = /[\u1100-\u1112]/;

/** Returns a folded text with only the initial consonants of its syllables; undefined for a text without syllables. */
const initialsOf = (text: string): string | undefined => {
  const initials = folded(text).normalize('NFD').replaceAll(AFTER_INITIALS, '').normalize('NFKC');
  return INITIAL.test(initials) ? initials : undefined;
};

/** The words of a name from which on it is found. Each is one more index. */
const WORDS = [2, 3, 4];

/** Returns a name from one of its words on, the first of which is 1; empty for a name with fewer words. */
const fromWord = (text: string, word: number): string =>
  text
    .trim()
    .split(/\s+/)
    .slice(word - 1)
    .join(' ');

const foldedIf = (isAsked: (prefix: string) => boolean) => (typed: string) => {
  const prefix = folded(typed);
  return isAsked(prefix) ? prefix : undefined;
};

export const foldedText = (field: string): FoldedText => ({ name: field, field, of: folded, asked: folded });

const endOf = (field: string): FoldedText => ({
  name: `${field}End`,
  field,
  of: (value) => /\D(\d+)$/.exec(folded(value))?.[1],
  asked: foldedIf((prefix) => /^\d+$/.test(prefix)),
});

const wordsOf = (field: string): FoldedText[] => {
  const askedInitials = foldedIf((prefix) => INITIAL.test(prefix));
  const fromLater = WORDS.flatMap((at): FoldedText[] => {
    const name = `${field}Word${at === 2 ? '' : at}`;
    return [
      { ...foldedText(name), field, of: (value) => folded(fromWord(value, at)) || undefined },
      { name: `${name}Initials`, field, of: (value) => initialsOf(fromWord(value, at)), asked: askedInitials },
    ];
  });
  return [{ name: `${field}Initials`, field, of: initialsOf, asked: askedInitials }, ...fromLater];
};

/** The fewest digits by which a phone number is searched: fewer begin too many of them. */
const PHONE_DIGITS = 7;

/** Returns a phone number without separators, a Korean one (+82 10, +82 (0)10, 82-10) as it is dialled in Korea. */
const dialled = (text: string): string =>
  text
    .normalize('NFKC')
    .replaceAll(/[\s().\p{Dash}]/gu, '')
    .replace(/^(?:\+|00)?820?/, '0')
    .replace(/^00/, '+');

const phoneOf = (field: string): FoldedText => ({
  name: field,
  field,
  of: dialled,
  asked: (typed) => {
    const number = dialled(typed);
    return /^\+?\d+$/.test(number) && number.length >= PHONE_DIGITS ? number : undefined;
  },
});

/** Returns the texts by which a field is searched. */
export const searchedTexts = (field: string, kind: SearchKind): FoldedText[] => {
  if (kind === 'phone') return [phoneOf(field)];
  return [foldedText(field), ...(kind === 'name' ? wordsOf(field) : []), ...(kind === 'plate' ? [endOf(field)] : [])];
};
