import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { settingsTable } from '../../programs/wiring/settings.ts';
import { findTool } from '../support/tools.ts';
import { ROOT } from './compose.ts';
import { alertRules } from './metric-queries.ts';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const promtool = findTool('promtool', 'prometheus');

describe('the alert rules', () => {
  test.each(alertRules().map((rule) => [rule.alert, rule] as const))(
    '%s has a severity, a summary, and a runbook that exists',
    (alert, { labels, annotations }) => {
      expect(labels.severity).toMatch(/^(critical|warning)$/);
      expect(annotations.summary).toMatch(/\w/);
      const [file = '', anchor] = annotations.runbook_url?.split('#') ?? [];
      expect(anchor).toBe(alert.toLowerCase());
      expect(read(file)).toContain(`\n## ${alert}\n`);
    },
  );

  test('docs/alerts.md describes no others', () => {
    const described = [...read('docs/alerts.md').matchAll(/^## (\w+)$/gm)].map(([, alert]) => alert);
    expect(described).toEqual(alertRules().map(({ alert }) => alert));
  });
});

describe('the configuration of Prometheus', () => {
  const sides = [
    ['write-side', settingsTable.WRITE_SIDE_PORT.default],
    ['read-api', settingsTable.READ_API_PORT.default],
    ['projections', settingsTable.PROJECTIONS_PORT.default],
    ['policies', settingsTable.POLICIES_PORT.default],
  ] as const;

  test('scrapes every side at its port, under the job of the alerts', () => {
    const { scrape_configs: jobs, rule_files: rules } = parse(read('deploy/monitoring/prometheus.yml'));
    expect(rules).toEqual(['alerts.yaml']);
    expect(jobs).toEqual([
      {
        job_name: 'plaza',
        dns_sd_configs: sides.map(([name, port]) => ({ names: [name], type: 'A', port: Number(port) })),
      },
    ]);
  });

  test('the PodMonitor selects the pods of every side, by the name of their port', () => {
    const monitor = parse(read('deploy/kubernetes/pod-monitor.yaml'));
    expect(monitor).toMatchObject({ kind: 'PodMonitor', metadata: { name: 'plaza', namespace: 'monitoring' } });
    expect(monitor.spec.selector.matchExpressions).toEqual([
      { key: 'app.kubernetes.io/name', operator: 'In', values: sides.map(([name]) => name) },
    ]);
    const [endpoint] = monitor.spec.podMetricsEndpoints;
    for (const [name] of sides) {
      const pods = read(`deploy/kubernetes/base/${name}.yaml`);
      expect(pods).toContain(`app.kubernetes.io/name: ${name}`);
      expect(pods).toContain(`- name: ${endpoint.port}\n              containerPort`);
    }
  });
});

describe.skipIf(!promtool)('promtool (needs prometheus)', () => {
  const run = (...args: string[]): string => execFileSync(promtool!, args, { cwd: ROOT, encoding: 'utf8' });

  test('finds the configuration and the rules valid', () => {
    expect(run('check', 'config', 'deploy/monitoring/prometheus.yml')).toContain('SUCCESS');
  });

  test('sees the rules fire as tests/deploy/alerts.yaml says: for a dead installation, and not for one that is well', () => {
    expect(run('test', 'rules', 'tests/deploy/alerts.yaml')).toContain('SUCCESS');
  });
});
