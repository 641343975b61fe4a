import type { Request, Response } from 'express';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { ProblemError } from '../../platform/http/problem.ts';
import { type CommandSchema, command } from '../../schemas/kernel/context.ts';
import { Id } from '../../schemas/kernel/values.ts';
import { commandReader } from './command-request.ts';

const remove = command('Remove a thing', Type.Object({ thingId: Id, cancel: Type.Optional(Type.Boolean()) }), {
  route: 'DELETE /things/{thingId}',
  inQuery: ['cancel'],
  answer: Type.Object({ thingId: Id }),
});
const make = command('Make a thing', Type.Object({ thingId: Id }), {
  route: 'POST /things',
  id: 'thingId',
  answer: Type.Object({ thingId: Id }),
});

/** Returns the data of a command, or the errors of the request. */
const read = (schema: CommandSchema, url: string, params: object, body?: object) => {
  const reader = commandReader('Any', schema, schema.http!, { fingerprint: () => '' });
  try {
    return reader({ url, params, body, get: () => undefined } as never as Request, { locals: {} } as Response).data;
  } catch (error) {
    if (error instanceof ProblemError) return error.problem;
    throw error;
  }
};
const invalid = (pointer: string, detail: string) => ({
  status: 400,
  type: '/problems/invalid-request',
  errors: [{ pointer, detail }],
});

describe('the query of a command', () => {
  it('has those fields that its schema puts there', () => {
    expect(read(remove, '/things/a?cancel=true', { thingId: 'a' })).toEqual({ thingId: 'a', cancel: true });
    expect(read(remove, '/things/a?cancel=false', { thingId: 'a' })).toEqual({ thingId: 'a', cancel: false });
    expect(read(remove, '/things/a?', { thingId: 'a' })).toEqual({ thingId: 'a' });
  });

  it.each([
    ['an unknown parameter', '?places=1', '/places', 'is not a parameter of this resource'],
    ['a misspelt one', '?cancle=true', '/cancle', 'is not a parameter of this resource'],
    ['a field of the path', '?thingId=b', '/thingId', 'is not a parameter of this resource'],
    ['a nested one', '?cancel[a]=true', '/cancel[a]', 'is not a parameter of this resource'],
    ['one that is repeated', '?cancel=true&cancel=true', '/cancel', 'is given more than once'],
    ['a wrong value', '?cancel=perhaps', '/cancel', 'must be boolean'],
  ])('is refused with %s', (_name, query, pointer, detail) =>
    expect(read(remove, `/things/a${query}`, { thingId: 'a' })).toMatchObject(invalid(pointer, detail)),
  );

  it('is refused with fields that belong into the body', () =>
    expect(read(make, '/things?thingId=a&dryRun=true', {}, { thingId: 'a' })).toMatchObject({
      errors: [{ pointer: '/thingId' }, { pointer: '/dryRun' }],
    }));

  it('has fields that the body may not have', () =>
    expect(read(remove, '/things/a', { thingId: 'a' }, { cancel: true })).toMatchObject(
      invalid('/cancel', 'is given by the query'),
    ));
});
