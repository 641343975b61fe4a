import { expect, it } from 'vitest';
import { contextSchemas } from './contexts.ts';

/** The names that come more than once. */
const repeated = (names: readonly string[]) => names.filter((name, at) => names.indexOf(name) !== at);

it('names each event type once over all contexts: consumers know events by it', () =>
  expect(repeated(contextSchemas.flatMap(({ events }) => Object.keys(events)))).toEqual([]));

it('names each command once over all contexts: the command handler knows deciders by it', () =>
  expect(repeated(contextSchemas.flatMap(({ commands }) => Object.keys(commands)))).toEqual([]));
