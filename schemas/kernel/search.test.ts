import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beginsWith, folded } from './search.ts';

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
