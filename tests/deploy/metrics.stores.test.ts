import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, eventually, openPlaza, type Plaza, temporaryData } from '../support/plaza.ts';
import { monitoringQueries, namesIn, seriesIn } from './metric-queries.ts';

const data = temporaryData();
let plaza: Plaza;

const scrape = async (): Promise<string> => (await fetch(`${plaza.url}/metrics`)).text();
const sample = (text: string, series: string): number => {
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? Number.NaN : Number(line.slice(series.length + 1));
};

beforeAll(async () => {
  plaza = await openPlaza({ PLAZA_DATA: data.folder, PLAZA_CONTEXTS: 'parking,cinema' });
  await call(plaza.url, 'POST', '/parking/lots', { lotId: 'l', name: '정자역', spots: 1 });
  const reserve = (carNumber: string) =>
    call(plaza.url, 'POST', '/parking/lots/l/reservations', { customerId: 'c', carNumber, amount: 1 });
  await reserve('a');
  await reserve('b');
  await eventually(
    () => call(plaza.url, 'GET', '/parking/coupons?customerId=c'),
    ({ status, body }) => status === 200 && (body.items as unknown[]).length === 1,
  );
});
afterAll(async () => {
  await plaza.close();
  data.remove();
});

test('commands, including those of policies, are counted by context, type and outcome', async () => {
  const text = await scrape();
  const commands = (command: string, outcome: string, reason = '') =>
    sample(
      text,
      `plaza_commands_total{context="parking",command="${command}",outcome="${outcome}",reason="${reason}"}`,
    );
  expect(commands('ReserveParking', 'done')).toBe(1);
  expect(commands('ReserveParking', 'refused', 'lot-full')).toBe(1);
  expect(commands('IssueCoupon', 'done')).toBe(1);
  expect(sample(text, 'plaza_command_duration_seconds_count{context="parking",command="ReserveParking"}')).toBe(2);
  expect(sample(text, 'plaza_append_commands_count')).toBe(3);
  expect(sample(text, 'plaza_events_appended_total')).toBe(3);
  expect(sample(text, 'plaza_append_duration_seconds_sum')).toBeGreaterThan(0);
  expect(sample(text, 'plaza_commands_waiting')).toBe(0);
});

test('requests are measured by method, route and status', async () => {
  const text = await scrape();
  const requests = (method: string, route: string, status: number) =>
    sample(text, `plaza_http_request_duration_seconds_count{method="${method}",route="${route}",status="${status}"}`);
  expect(requests('POST', '/parking/lots/:lotId/reservations', 201)).toBe(1);
  expect(requests('POST', '/parking/lots/:lotId/reservations', 409)).toBe(1);
  expect(requests('GET', '/parking/coupons', 200)).toBeGreaterThan(0);
});

test('the readiness of the process and the disk of its stores are measured', async () => {
  const ready = 'plaza_ready{program="plaza"}';
  const text = await eventually(scrape, (found) => sample(found, ready) === 1);
  expect(sample(text, 'plaza_disk_size_bytes')).toBeGreaterThan(sample(text, 'plaza_disk_free_bytes'));
  expect(sample(text, 'plaza_disk_free_bytes')).toBeGreaterThan(0);
});

test('projections and policies report their lag and their last progress', async () => {
  const isComplete = (found: string) =>
    ['projection="policy:parking.', 'projection="parking.lots"'].every((label) => found.includes(label));
  const text = await eventually(scrape, isComplete);
  const lag = sample(text, 'plaza_projection_lag_seconds{group="projections",projection="parking.lots"}');
  expect(lag).toBeGreaterThanOrEqual(0);
  const progress = 'plaza_projection_last_progress_timestamp_seconds{group="projections",projection="parking.lots"}';
  expect(Math.abs(sample(text, progress) - Date.now() / 1000)).toBeLessThan(60);
  expect(sample(text, 'plaza_parked_events{group="projections",projection="parking.lots"}')).toBe(0);
  expect(sample(text, 'plaza_read_models_up')).toBe(1);
});

const OF_PROMETHEUS = new Set(['instance', 'job', 'le']);

/** Metrics of Prometheus itself, of Kubernetes and of the node exporter, with their labels. */
const OF_OTHERS: readonly [metric: string, ...labels: string[]][] = [
  ['up'],
  ['kubelet_volume_stats_available_bytes', 'namespace'],
  ['kubelet_volume_stats_capacity_bytes', 'namespace'],
  ['node_filesystem_avail_bytes', 'mountpoint'],
  ['node_filesystem_size_bytes', 'mountpoint'],
];

test('the dashboard and the alerts use only metrics that /metrics exports, and a few that others do', async () => {
  const series = seriesIn(await scrape());
  for (const [metric, ...labels] of OF_OTHERS) series.set(metric, new Set(labels));
  const queries = monitoringQueries();
  expect(queries.length).toBeGreaterThan(30);
  for (const { where, query } of queries) {
    const { metrics, labels } = namesIn(query);
    expect(metrics.length, where).toBeGreaterThan(0);
    for (const metric of metrics) expect([...series.keys()], where).toContain(metric);
    const known = new Set(metrics.flatMap((metric) => [...(series.get(metric) ?? [])]));
    for (const label of labels) if (!OF_PROMETHEUS.has(label)) expect([...known], where).toContain(label);
  }
});

test('every metric of Plaza is on the dashboard or in an alert', async () => {
  const asked = new Set(monitoringQueries().flatMap(({ query }) => namesIn(query).metrics));
  const own = [...seriesIn(await scrape()).keys()].filter((name) => name.startsWith('plaza_'));
  const families = new Set(own.map((name) => name.replace(/_(bucket|sum|count)$/, '')));
  const shown = [...asked].map((name) => name.replace(/_(bucket|sum|count)$/, ''));
  expect([...families].filter((family) => !shown.includes(family))).toEqual([]);
});
