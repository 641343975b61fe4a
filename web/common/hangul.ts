/** The initial consonants in the order of Unicode's syllables. */
const INITIALS = [...'ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ'];

const FIRST_SYLLABLE = 0xac00;
const LAST_SYLLABLE = 0xd7a3;
/** Syllables with the same initial consonant. */
const OF_INITIAL = 588;

/** Returns a text with the initial consonant of each syllable: ㅍㄱㅇ for 판교역. Other characters stay. */
export const initialsOf = (text: string): string =>
  [...text.normalize('NFC')]
    .map((character) => {
      const code = character.codePointAt(0)!;
      const isSyllable = code >= FIRST_SYLLABLE && code <= LAST_SYLLABLE;
      return isSyllable ? INITIALS[Math.floor((code - FIRST_SYLLABLE) / OF_INITIAL)] : character;
    })
    .join('');

const plain = (text: string): string => text.normalize('NFC').toLowerCase().replaceAll(' ', '');

/** Returns whether a text contains what somebody typed, by its letters or by its initial consonants, without spaces. */
export const isFound = (typed: string, text: string): boolean => {
  const wanted = plain(typed);
  return wanted !== '' && (plain(text).includes(wanted) || plain(initialsOf(text)).includes(wanted));
};
