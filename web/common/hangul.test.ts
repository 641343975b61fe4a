import { expect, test } from 'vitest';
import { initialsOf, isFound } from './hangul.ts';

test('a text is found by the initial consonants of its syllables', () => {
  expect(initialsOf('판교역 Tower 2')).toBe('ㅍㄱㅇ Tower 2');
  expect(isFound('ㅍㄱ', '판교역 공영주차장')).toBe(true);
  expect(isFound('ㄱㅇㅈㅊㅈ', '판교역 공영주차장')).toBe(true);
  expect(isFound('ㅍㅍ', '판교역 공영주차장')).toBe(false);
});

test('spaces, case and the form of the letters do not matter', () => {
  expect(isFound('10더 86', '10더8612')).toBe(true);
  expect(isFound('판교'.normalize('NFD'), '판교역')).toBe(true);
  expect(isFound('tower', 'Tower 2')).toBe(true);
  expect(isFound('', 'anything')).toBe(false);
});
