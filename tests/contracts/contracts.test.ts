import { describe, expect, test } from 'vitest';
import { contextSchemas, projectionsOf, writeSidesOf } from '../../programs/contexts.ts';
import {
  type AsyncApi,
  breachesOfPromise,
  brokenByAsyncApi,
  brokenByOpenApi,
  isRaised,
  type OpenApi,
} from './compare.ts';
import { currentAsyncApi, currentOpenApi, promised } from './documents.ts';
import { eventModel, storedEventModel } from './event-model.ts';

const RAISE = 'clients would break: undo it, or raise the version in package.json and run `npm run contracts`';

test('the OpenAPI document breaks no client, unless the version was raised', () => {
  expect(breachesOfPromise(promised<OpenApi>('openapi'), currentOpenApi()), RAISE).toEqual([]);
});

test('the AsyncAPI document breaks no client, unless the version was raised', () => {
  expect(breachesOfPromise(promised<AsyncApi>('asyncapi'), currentAsyncApi()), RAISE).toEqual([]);
});

test('every event that a projection or policy handles is in the AsyncAPI document', async () => {
  // Without their contexts: the messages to customers are made of the events of every context.
  const types = new Set(Object.keys(currentAsyncApi().components.messages).map((name) => name.split('.')[1]));
  const names = contextSchemas.map(({ name }) => name);
  const consumed = [
    ...(await projectionsOf(names, 'Asia/Seoul')).flatMap(({ events }) => events),
    ...(await writeSidesOf(names)).flatMap(({ policies }) => policies).flatMap(({ events }) => events),
  ];
  expect(consumed.length).toBeGreaterThan(40);
  expect(consumed.filter((type) => !types.has(type))).toEqual([]);
});

test('docs/event-model.md shows the commands, events, policies and views of today', async () => {
  expect(storedEventModel(), 'draw it anew: npm run contracts').toBe(await eventModel());
});

describe('a change of the OpenAPI document', () => {
  const current = currentOpenApi();
  const path = '/parking/lots/{lotId}/reservations';
  // biome-ignore lint/suspicious/noExplicitAny: documents are changed at will
  const changed = (change: (document: any) => void): string[] => {
    const document = structuredClone(current);
    change(document);
    return brokenByOpenApi(current, document);
  };

  // biome-ignore lint/suspicious/noExplicitAny: documents are changed at will
  test.each<[string, (document: any) => void, string]>([
    ['takes an operation away', (d) => delete d.paths[path].post, `POST ${path}: is gone`],
    [
      'asks for a new property',
      (d) => {
        const body = d.components.schemas['parking.ReserveParking.command'];
        body.properties.color = { type: 'string' };
        body.required.push('color');
      },
      `POST ${path} body/color: is new and must be given`,
    ],
    [
      'takes less',
      (d) => {
        d.components.schemas['parking.ReserveParking.command'].properties.amount.maximum = 10;
      },
      `POST ${path} body/amount: maximum was 1000000000000, is 10`,
    ],
    [
      'answers without a property',
      (d) => delete d.components.schemas['parking.ReserveParking.answer'].properties.carNumber,
      `POST ${path} answer 201/carNumber: is gone`,
    ],
    [
      'answers with a word that nobody knows',
      (d) => d.components.schemas['parking.lot.document'].properties.status.enum.push('flooded'),
      'GET /parking/lots/{lotId} answer 200/status: may be ["flooded"] now',
    ],
    [
      'answers with another type',
      (d) => {
        d.components.schemas['parking.lot.document'].properties.free.type = 'string';
      },
      'GET /parking/lots/{lotId} answer 200/free: type was "integer", is "string"',
    ],
    [
      'answers with nothing where there was a value',
      (d) => {
        d.components.schemas['parking.lot.document'].properties.free.type = ['integer', 'null'];
      },
      'GET /parking/lots/{lotId} answer 200/free: type was "integer", is ["integer","null"]',
    ],
    [
      'succeeds with another status',
      (d) => {
        d.paths[path].post.responses[202] = d.paths[path].post.responses[201];
      },
      `POST ${path} answer 202: is new`,
    ],
    [
      'answers without a header',
      (d) => delete d.paths[path].post.responses[201].headers.ETag,
      `POST ${path} answer 201 header ETag: is gone`,
    ],
    [
      'answers without a link',
      (d) => delete d.paths[path].post.responses[201].links['parking.CancelReservation'],
      `POST ${path} answer 201 link parking.CancelReservation: is gone`,
    ],
    [
      'calls a problem by another name',
      (d) => d.paths[path].post.responses[409].content['application/problem+json'].problems.splice(1, 1, 'full'),
      `POST ${path} problem lot-full: was 409, is gone`,
    ],
    [
      'tells a problem with another status',
      (d) => {
        const { responses } = d.paths[path].post;
        responses[422].content['application/problem+json'].problems.push('lot-closed');
        responses[409].content['application/problem+json'].problems.shift();
      },
      `POST ${path} problem lot-closed: was 409, is 422`,
    ],
    [
      'takes a filter away',
      (d) => {
        const { get } = d.paths['/parking/lots'];
        get.parameters = get.parameters.filter(({ name }: { name?: string }) => name !== 'status');
      },
      'GET /parking/lots query status: is gone',
    ],
  ])('that %s is told', (_, change, line) => {
    expect(changed(change)).toContain(line);
  });

  // biome-ignore lint/suspicious/noExplicitAny: documents are changed at will
  test.each<[string, (document: any) => void]>([
    [
      'an operation more',
      (d) => {
        d.paths['/parking/new'] = d.paths['/parking/lots'];
      },
    ],
    [
      'an optional property more in a body',
      (d) => {
        d.components.schemas['parking.ReserveParking.command'].properties.color = { type: 'string' };
      },
    ],
    [
      'a body that may have nothing in the place of a value',
      (d) => {
        d.components.schemas['parking.ReserveParking.command'].properties.amount.type = ['integer', 'null'];
      },
    ],
    [
      'a property more in an answer',
      (d) => {
        d.components.schemas['parking.lot.document'].properties.color = { type: 'string' };
      },
    ],
    [
      'a problem more',
      (d) => {
        d.paths[path].post.responses[418] = d.paths[path].post.responses[409];
      },
    ],
    [
      'earlier moments, whose views are built first',
      (d) => {
        const { get } = d.paths['/control-center/events'];
        get.parameters.push({ $ref: '#/components/parameters/AsOf' });
        get.responses[202] = d.paths['/parking/lots'].get.responses[202];
      },
    ],
    [
      'a wider range',
      (d) => {
        d.components.schemas['parking.ReserveParking.command'].properties.carNumber.maxLength = 40;
      },
    ],
  ])('by %s breaks nobody', (_, change) => {
    expect(changed(change)).toEqual([]);
  });
});

test('breaking changes are reported, unless the version was raised', () => {
  const openApi = structuredClone(promised<OpenApi>('openapi'));
  delete openApi.paths['/parking/lots']?.get;
  const asyncApi = structuredClone(promised<AsyncApi>('asyncapi'));
  delete asyncApi.components.messages['parking.LotClosed'];
  expect(breachesOfPromise(promised<OpenApi>('openapi'), openApi)).toEqual(['GET /parking/lots: is gone']);
  expect(breachesOfPromise(promised<AsyncApi>('asyncapi'), asyncApi)).toEqual(['parking.LotClosed: is gone']);
  for (const document of [openApi, asyncApi]) document.info.version = '1000.0.0';
  expect(breachesOfPromise(promised<OpenApi>('openapi'), openApi)).toEqual([]);
  expect(breachesOfPromise(promised<AsyncApi>('asyncapi'), asyncApi)).toEqual([]);
});

test('an event that loses a property or is removed is reported', () => {
  const document = structuredClone(currentAsyncApi());
  delete document.components.messages['parking.ParkingReserved']!.payload.properties!.carNumber;
  delete document.components.messages['parking.LotClosed'];
  expect(brokenByAsyncApi(currentAsyncApi(), document)).toEqual([
    'parking.LotClosed: is gone',
    'parking.ParkingReserved/carNumber: is gone',
  ]);
});

test('a version allows breaking changes by its major number, before 1.0 by its minor one', () => {
  expect(isRaised('0.1.0', '0.1.9')).toBe(false);
  expect(isRaised('0.1.0', '0.2.0')).toBe(true);
  expect(isRaised('1.1.0', '1.2.0')).toBe(false);
  expect(isRaised('1.1.0', '2.0.0')).toBe(true);
  expect(isRaised('0.9.0', '1.0.0')).toBe(true);
});
