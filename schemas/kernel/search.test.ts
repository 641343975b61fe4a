import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beginsWith, folded, type SearchKind, searchedTexts } from './search.ts';

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
  const textsOf = (kind: SearchKind, value: string) =>
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
    [
      'name',
      ' AK  Plaza 분당 1 관',
      {
        field: 'AKPLAZA분당1관',
        fieldInitials: typed('AKPLAZAㅂㄷ1ㄱ'),
        fieldWord: 'PLAZA분당1관',
        fieldWordInitials: typed('PLAZAㅂㄷ1ㄱ'),
        fieldWord3: '분당1관',
        fieldWord3Initials: typed('ㅂㄷ1ㄱ'),
        fieldWord4: '1관',
        fieldWord4Initials: typed('1ㄱ'),
      },
    ],
    ['phone', '+821012345678', { field: '01012345678' }],
    ['phone', '+15551234567', { field: '+15551234567' }],
    ['plate', '10더 8612', { field: '10더8612', fieldEnd: '8612' }],
    ['plate', '8612', { field: '8612' }],
    ['id', '판교 8612', { field: '판교8612' }],
  ] as const)('of the %s %j are few', (kind, value, expected) => {
    expect(textsOf(kind, value)).toEqual(expected);
  });

  const asked = (kind: SearchKind, text: string) =>
    searchedTexts('field', kind).flatMap((searched) => searched.asked(text) ?? []);

  it('a typed text asks only the texts that can begin with it', () => {
    expect(asked('name', '판교')).toHaveLength(4);
    expect(asked('name', 'ㅍㄱ')).toHaveLength(8);
    expect(asked('plate', '86')).toHaveLength(2);
    expect(asked('plate', '10더')).toHaveLength(1);
  });

  it.each([
    ['010-1234-5678', '01012345678'],
    ['010 1234 5678', '01012345678'],
    ['010.1234.5678', '01012345678'],
    ['０１０－１２３４－５６７８', '01012345678'],
    ['+821012345678', '01012345678'],
    ['+82 10-1234-5678', '01012345678'],
    ['+82 (0)10 1234 5678', '01012345678'],
    ['82 10 1234 5678', '01012345678'],
    ['0082 10 1234 5678', '01012345678'],
    ['+1 (555) 123-4567', '+15551234567'],
    ['001 555 123 4567', '+15551234567'],
    ['010-1234', '0101234'],
  ])('%s asks the phone numbers that begin with %s', (text, expected) => {
    expect(asked('phone', text)).toEqual([expected]);
  });

  it.each(['8210', '010', '12가3456', 'demo-bike-29', '판교'])('%s asks no phone number', (text) => {
    expect(asked('phone', text)).toEqual([]);
  });
});
