/** The initial consonants as they are typed, in the order of the first letters of Unicode's decomposed syllables. */
const INITIALS = 'ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ';

/** Returns a text with the initial consonant of each syllable: ㅍㄱㅇ for 판교역. Other characters stay. */
export const initialsOf = (text: string): string =>
  text
    .normalize('NFD')
    .replaceAll(/([\u1100-\u1112])[\u1161-\u11c2]*/g, (_, first: string) => INITIALS[first.charCodeAt(0) - 0x1100]!)
    .normalize('NFC');

const plain = (text: string): string => text.normalize('NFC').toLowerCase().replaceAll(' ', '');

/** Returns whether a text contains what somebody typed, by its letters or by its initial consonants, without spaces. */
export const isFound = (typed: string, text: string): boolean => {
  const wanted = plain(typed);
  return wanted !== '' && (plain(text).includes(wanted) || plain(initialsOf(text)).includes(wanted));
};
