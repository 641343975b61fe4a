import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ImmutableMap } from './collections.ts';
import { jsonPieces } from './json-pieces.ts';

it('generates the text of JSON.stringify', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect([...jsonPieces(value)].join('')).toBe(JSON.stringify(value));
    }),
  );
  expect([...jsonPieces({ a: undefined, b: [] })]).toEqual(['{"b":[]}']);
});

it('reads no more of a long list than the current piece needs', () => {
  let made = 0;
  const entries = ImmutableMap(Array.from({ length: 10_000 }, (_, n) => [`key ${n}`, n] as const));
  const open = Iterator.from(entries).map(([key, value]) => {
    made += 1;
    return [key, value];
  });
  const pieces = jsonPieces({ status: 'open', open, closed: ['a'] });

  const [first] = [pieces.next().value as string];
  expect(made).toBeLessThan(1_500);

  const rest = [...pieces];
  expect(made).toBe(10_000);
  for (const piece of [first, ...rest]) expect(piece.length).toBeLessThan(20_000);
  expect(JSON.parse([first, ...rest].join(''))).toEqual({
    status: 'open',
    open: [...entries],
    closed: ['a'],
  });
});
