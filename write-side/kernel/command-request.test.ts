import type { Request, Response } from 'express';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { ProblemError } from '../../platform/http/problem.ts';
import type { Admitted, Caller } from '../../platform/identity/caller.ts';
import { ownerId } from '../../platform/identity/subject.ts';
import { type CommandSchema, command } from '../../schemas/kernel/context.ts';
import { Id } from '../../schemas/kernel/values.ts';
import { commandReader } from './command-request.ts';
import { fingerprintOf } from './ids.ts';

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
const SECRET = Buffer.alloc(32, 1);
const readMake = commandReader('Make', make, make.http, {
  fingerprint: (actor, given) => fingerprintOf(actor, given, SECRET),
});

const MAIL = 'kim.hana@example.com';
const callerOf = (sub: string): Caller => ({ sub, id: ownerId(sub), roles: ['staff'], expiresAt: 0 });

/** Reads a command that a caller sends. */
const sent = (sub: string | undefined, headers: Record<string, string> = {}, body: object = {}) => {
  const caller = sub === undefined ? undefined : callerOf(sub);
  const admitted: Admitted = { caller, permit: { kind: 'all' }, personal: { kind: 'all' }, reach: () => 'all' };
  const req = { params: {}, url: '/things', query: {}, body, get: (name: string) => headers[name] };
  return readMake(req as unknown as Request, { locals: { admitted } } as unknown as Response);
};

describe('a caller whose subject is an e-mail address', () => {
  it.each([
    ['with a key', { 'Idempotency-Key': 'kk1' }, {}],
    ['with the id of the thing', {}, { thingId: 't-1' }],
    ['that a gateway may deliver again', { 'Plaza-Delivery': 'd-1' }, {}],
    ['without a name', {}, {}],
  ])('is named by the id in a command %s', (_, headers, body) => {
    const { given } = sent(MAIL, headers, body);
    expect(given.actor).toBe(ownerId(MAIL));
    expect(JSON.stringify(given)).not.toContain(MAIL);
  });

  it('may repeat a command, which has the same id every time, and no other caller has it', () => {
    const headers = { 'Idempotency-Key': 'kk1' };
    expect(sent(MAIL, headers)).toEqual(sent(MAIL, headers));
    expect(sent(MAIL, headers).given.commandId).toBe(`key:${ownerId(MAIL)} kk1`);
    expect(sent('lee@example.com', headers).given.commandId).not.toBe(sent(MAIL, headers).given.commandId);
  });

  it('may repeat a command that an earlier Plaza took: its hash and the id of the thing are the same', () => {
    const { given, data } = sent(MAIL, { 'Idempotency-Key': 'kk1' });
    expect(data.thingId).toBe('7f4d22d6-df84-82cc-b544-054ac5db377d');
    expect(given.fingerprint).toBe(fingerprintOf(MAIL, { type: 'Make', data }, SECRET));
  });
});

describe('a caller with a scope', () => {
  const place = Type.String();
  const answer = Type.Object({ thingId: Id });
  const commands = {
    create: command('', Type.Object({ thingId: Id, place }), { route: 'POST /things', id: 'thingId', answer }),
    inPath: command('', Type.Object({ thingId: Id, place }), { route: 'PUT /places/{place}/things/{thingId}', answer }),
    bring: command('', Type.Object({ thingId: Id, place }), { route: 'POST /things/{thingId}/bringing', answer }),
  };
  const within = { field: 'place', values: ['mine'] };
  const admitted = { ...callerOf('kim'), permit: { kind: 'some', within } };
  const give = (name: keyof typeof commands, params: object, body: object) => {
    const { http } = commands[name];
    const req = { params, url: '/things', query: {}, body, get: () => undefined };
    const read = commandReader(name, commands[name], http, { fingerprint: () => '' });
    return read(req as unknown as Request, { locals: { admitted } } as unknown as Response).given;
  };

  it('creates things in it, and addresses those whose path is in it', () => {
    for (const given of [
      give('create', {}, { thingId: 't', place: 'mine' }),
      give('inPath', { thingId: 't', place: 'mine' }, {}),
    ])
      expect(given).not.toHaveProperty('within');
    expect(() => give('create', {}, { thingId: 't', place: 'other' })).toThrow(ProblemError);
    expect(() => give('inPath', { thingId: 't', place: 'other' }, {})).toThrow(ProblemError);
  });

  it('changes a thing by where it is, not by where the command brings it', () => {
    for (const to of ['mine', 'other'])
      expect(give('bring', { thingId: 't' }, { place: to })).toMatchObject({ within });
  });
});

it('names a caller whose subject is an id, and an anonymous one, as before', () => {
  const headers = { 'Idempotency-Key': 'kk1' };
  expect(sent('kim', headers).given).toMatchObject({ actor: 'kim', commandId: 'key:kim kk1' });
  expect(sent(undefined, headers).given).toMatchObject({ actor: 'anonymous', commandId: 'key:kk1' });
  expect(sent('kim', { 'Plaza-Delivery': 'd-1' }).given.commandId).toBe('kim delivery d-1');
});
