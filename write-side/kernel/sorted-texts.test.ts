import fc from 'fast-check';
import { expect, test } from 'vitest';
import { firstText, noTexts, type SortedTexts, textsBefore, withoutText, withText } from './sorted-texts.ts';

const text = (number: number): string => `${number}`.padStart(4, '0');

const step = fc.record({ isAdded: fc.boolean(), number: fc.nat({ max: 1_500 }) });

test('texts stay in order however they are added and removed', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 1_200, size: 'max' }), fc.nat({ max: 1_500 }), (steps, end) => {
      const model = new Set<string>();
      let texts: SortedTexts = noTexts;
      for (const { isAdded, number } of steps) {
        const before = texts.flat().length;
        const next = isAdded ? withText(texts, text(number)) : withoutText(texts, text(number));
        expect(texts.flat().length).toBe(before);
        if (isAdded) model.add(text(number));
        else model.delete(text(number));
        texts = next;
      }
      const sorted = [...model].sort();
      expect(texts.flat()).toEqual(sorted);
      expect(texts.every(({ length }) => length > 0 && length <= 256)).toBe(true);
      expect(firstText(texts)).toBe(sorted[0]);
      const before = sorted.filter((each) => each < text(end));
      expect(textsBefore(texts, text(end), Number.POSITIVE_INFINITY)).toEqual(before);
      expect(textsBefore(texts, text(end), 3)).toEqual(before.slice(0, 3));
    }),
    { numRuns: 30 },
  );
});
