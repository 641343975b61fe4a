import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { Strict } from '../../schemas/kernel/values.ts';
import { type Problem, ProblemError } from './problem.ts';
import { MAX_ERRORS, validator } from './validation.ts';

const order = validator(
  Strict({
    customerId: Type.String({ pattern: '^[a-z]+$' }),
    lines: Type.Array(Strict({ menuId: Type.String(), quantity: Type.Integer({ minimum: 1 }) }), { maxItems: 100 }),
  }),
);

const refusal = (data: unknown): Problem => {
  try {
    order(data);
  } catch (error) {
    if (error instanceof ProblemError) return error.problem;
    throw error;
  }
  throw new Error('The data was accepted');
};

describe('validation of a request’s data', () => {
  it('returns data that fits', () => {
    const data = { customerId: 'c', lines: [{ menuId: 'm', quantity: 1 }] };
    expect(order(data)).toBe(data);
  });

  it('names every wrong place of a small request', () => {
    expect(refusal({ lines: [{ menuId: 1, quantity: 0 }], color: 'red' })).toMatchObject({
      status: 400,
      errors: [
        { pointer: '/customerId' },
        { pointer: '/color' },
        { pointer: '/lines/0/menuId' },
        { pointer: '/lines/0/quantity' },
      ],
    });
  });

  it.each([
    ['high', '\ud800'],
    ['low', 'a\udfff'],
    ['swapped', '\ude00\ud83d'],
  ])('names a string with a %s surrogate on its own', (_, menuId) => {
    expect(
      refusal({
        customerId: 'c',
        lines: [
          { menuId: '😀', quantity: 1 },
          { menuId, quantity: 1 },
        ],
      }),
    ).toMatchObject({
      status: 400,
      type: '/problems/invalid-request',
      errors: [{ pointer: '/lines/1/menuId', detail: 'must be well-formed Unicode' }],
    });
  });

  it('is 422 when every error is a value out of range', () => {
    expect(refusal({ customerId: 'c', lines: [{ menuId: 'm', quantity: 0 }] })).toMatchObject({
      status: 422,
      errors: [{ pointer: '/lines/0/quantity' }],
    });
  });

  const names = Array.from({ length: 8_100 }, (_, at) => at.toString(36).padStart(3, '0'));
  it.each([
    ['900 unknown names', 400, Object.fromEntries(names.slice(0, 900).map((name) => [name, 0]))],
    ['64 KiB of unknown names', 400, Object.fromEntries(names.map((name) => [name, 0]))],
    ['21,000 empty lines', 422, { customerId: 'c', lines: Array.from({ length: 21_000 }, () => ({})) }],
    ['a name of 60 KB', 400, { ['/'.repeat(60_000)]: 0 }],
    ['twenty names of 3 KB', 400, Object.fromEntries(names.slice(0, 20).map((name) => [name.repeat(1_000), 0]))],
  ])('answers %s with a bounded list', (_, status, data) => {
    const problem = refusal(data);
    expect(problem.status).toBe(status);
    expect(problem.errors?.length).toBeLessThanOrEqual(MAX_ERRORS);
    expect(JSON.stringify(problem).length).toBeLessThan(8_192);
  });
});
