import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OpenedStores, openTestStores } from '../../embedded/testing.ts';
import { projections } from '../../projections/parking/index.ts';
import { call, eventually, openProgram, type Plaza, temporaryData } from '../support/plaza.ts';
import { type Span, startCollector } from './collector.ts';

/** Every side is a program of its own: only the events connect their spans. */
const data = temporaryData();
let stores: OpenedStores;
let collector: Awaited<ReturnType<typeof startCollector>>;
let programs: Plaza[];
let writeSide: Plaza;

beforeAll(async () => {
  [stores, collector] = await Promise.all([openTestStores({ dataFolder: data.folder }), startCollector()]);
  const env = {
    EVENTSTORE_URL: stores.eventStoreUrl,
    MONGODB_URL: stores.mongoUrl,
    PLAZA_CONTEXTS: 'parking',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  };
  programs = await Promise.all(
    (['write-side', 'policies', 'projections'] as const).map((side) => openProgram(side, env)),
  );
  writeSide = programs[0]!;
  // Events that arrive during the first build of a view are no batch of their own.
  const health = () => call<{ checks: Record<string, { detail: string }> }>(programs[2]!.url, 'GET', '/readyz?verbose');
  await eventually(health, ({ body }) => body.checks.projections?.detail.split('; ').length === projections.length);
});
afterAll(async () => {
  await Promise.all(programs.map((program) => program.close()));
  await stores.stop();
  collector.stop();
  data.remove();
});

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const callersSpan = '00f067aa0ba902b7';

test('one trace covers the request, its event, the policy, the policy’s event and the projections', async () => {
  await call(writeSide.url, 'POST', '/parking/lots', { lotId: 'l', name: '정자역', spots: 5 });
  const reservation = { reservationId: 'r', customerId: 'c', carNumber: '10더8612', amount: 1 };
  const traceparent = `00-${traceId}-${callersSpan}-01`;
  await call(writeSide.url, 'POST', '/parking/lots/l/reservations', reservation, { traceparent });

  const own = async () => collector.spans.filter((span) => span.traceId === traceId);
  const named = (spans: readonly Span[], name: string) => spans.find((span) => span.name === name);
  const spans = await eventually(own, (found) =>
    ['parking.reservations', 'IssueCoupon', 'append coupon', 'parking.coupons'].every((name) => named(found, name)),
  );
  const parentOf = (name: string) => spans.find(({ spanId }) => spanId === named(spans, name)?.parentSpanId)?.name;

  const request = 'POST /parking/lots/:lotId/reservations';
  expect(named(spans, request)).toMatchObject({ parentSpanId: callersSpan, service: 'write-side' });
  expect(parentOf('append parkingLot')).toBe(request);
  expect(parentOf('parking.reservations')).toBe(request);
  expect(parentOf('IssueCoupon')).toBe(request);
  expect(parentOf('append coupon')).toBe('IssueCoupon');
  expect(parentOf('parking.coupons')).toBe('IssueCoupon');
  expect(named(spans, 'IssueCoupon')?.service).toBe('policies');
  expect(named(spans, 'parking.coupons')?.service).toBe('projections');
  expect(JSON.stringify(spans)).not.toContain('10더8612');
});

test('a batch of several traces is linked to each of them', async () => {
  const ids = Array.from({ length: 40 }, (_, index) => index.toString(16).padStart(32, 'a'));
  await Promise.all(
    ids.map((id, index) =>
      call(
        writeSide.url,
        'POST',
        '/parking/lots',
        { lotId: `l${index}`, name: '정자역', spots: 1 },
        { traceparent: `00-${id}-${callersSpan}-01` },
      ),
    ),
  );
  const traces = async () =>
    collector.spans
      .filter(({ name }) => name === 'parking.lots')
      .flatMap((span) => [span.traceId, ...(span.links ?? []).map((link) => link.traceId)]);
  await eventually(traces, (found) => ids.every((id) => found.includes(id)));
});

test('an unsampled trace leaves no span, and the event records the caller’s decision', async () => {
  const dropped = traceId.replace('4bf9', 'dddd');
  const traceparent = `00-${dropped}-${callersSpan}-00`;
  await call(writeSide.url, 'POST', '/parking/lots', { lotId: 'quiet', name: '정자역', spots: 1 }, { traceparent });
  const kept = traceId.replace('4bf9', 'eeee');
  await call(
    writeSide.url,
    'POST',
    '/parking/lots',
    { lotId: 'loud', name: '정자역', spots: 1 },
    { traceparent: `00-${kept}-${callersSpan}-01` },
  );
  const seen = async () => collector.spans.filter((span) => span.traceId === kept).map(({ name }) => name);
  await eventually(seen, (names) => names.includes('parking.lots'));
  expect(collector.spans.filter((span) => span.traceId === dropped)).toEqual([]);
});
