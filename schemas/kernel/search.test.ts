import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beginsWith, folded, searchedTexts } from './search.ts';

const texts = fc.string({ unit: 'binary' });

describe('the folded form of a text', () => {
  it.each([
    ['10더 8612', '10더8612'],
    ['10더8612', '10더8612'],
    ['\u3000１０더　８６１２ ', '10더8612'],
    ['10더 8612'.normalize('NFD'), '10더8612'],
    ['Straße', 'STRASSE'],
    ['ΟΔΟΣ', 'ΟΔΟΣ'],
    ['οδός', 'ΟΔΌΣ'],
    ['ﬁlm', 'FILM'],
    ['a\u200bb\u00adc', 'ABC'],
    ['👩‍🚀', '👩🚀'],
    [' \t\u00a0', ''],
  ])('of %j is %j', (text, expected) => {
    expect(folded(text)).toBe(expected);
  });

  it('is folded already, and the same for every Unicode form, case and spacing of the text', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const once = folded(text);
        expect(folded(once)).toBe(once);
        for (const form of ['NFC', 'NFD', 'NFKC', 'NFKD'])
          expect(folded(` ${text.normalize(form)}\t`), form).toBe(once);
        expect(folded(once.toLowerCase())).toBe(once);
      }),
      { numRuns: 2_000 },
    );
  });
});

it('a text is in the range of its prefix exactly when it begins with it', () => {
  const bytes = (text: string) => Buffer.from(text);
  const short = fc.string({ unit: fc.constantFrom('a', 'b', 'ￓ', '𝄞', '\u{10fffd}', '힣') }).map(folded);
  fc.assert(
    fc.property(short, short, (text, prefix) => {
      const { $gte, $lt } = beginsWith(prefix);
      const isInside = Buffer.compare(bytes(text), bytes($gte)) >= 0 && Buffer.compare(bytes(text), bytes($lt)) < 0;
      expect(isInside).toBe(text.startsWith(prefix));
    }),
    { numRuns: 2_000 },
  );
});

describe('the texts by which a field is searched', () => {
  const textsOf = (kind: 'name' | 'plate' | 'id', value: string) =>
    Object.fromEntries(searchedTexts('field', kind).flatMap(({ name, of }) => (of(value) ? [[name, of(value)]] : [])));
  // The search compares the form of the consonants that `folded` gives to what somebody types.
  const typed = folded;

  it.each([
    [
      'name',
      '판교역 환승주차장',
      {
        field: '판교역환승주차장',
        fieldWord: '환승주차장',
        fieldInitials: typed('ㅍㄱㅇㅎㅅㅈㅊㅈ'),
        fieldWordInitials: typed('ㅎㅅㅈㅊㅈ'),
      },
    ],
    ['name', '꽃집', { field: '꽃집', fieldInitials: typed('ㄲㅈ') }],
    ['name', '판교'.normalize('NFD'), { field: '판교', fieldInitials: typed('ㅍㄱ') }],
    ['name', 'Café  Tower', { field: 'CAFÉTOWER', fieldWord: 'TOWER' }],
    ['name', '판교 Tower', { field: '판교TOWER', fieldWord: 'TOWER', fieldInitials: typed('ㅍㄱTOWER') }],
    ['plate', '10더 8612', { field: '10더8612', fieldEnd: '8612' }],
    ['plate', '8612', { field: '8612' }],
    ['id', '판교 8612', { field: '판교8612' }],
  ] as const)('of the %s %j are few', (kind, value, expected) => {
    expect(textsOf(kind, value)).toEqual(expected);
  });

  it('a prefix asks only the texts that can begin with it', () => {
    const asked = (kind: 'name' | 'plate', prefix: string) =>
      searchedTexts('field', kind).filter(({ canBeginWith }) => canBeginWith(folded(prefix))).length;
    expect(asked('name', '판교')).toBe(2);
    expect(asked('name', 'ㅍㄱ')).toBe(4);
    expect(asked('plate', '86')).toBe(2);
    expect(asked('plate', '10더')).toBe(1);
  });
});
