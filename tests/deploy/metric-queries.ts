import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

const FOLDER = new URL('../../deploy/monitoring/', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, FOLDER), 'utf8');

type Dashboard = { panels: { title: string; targets?: { expr: string }[] }[] };
type AlertRule = {
  alert: string;
  expr: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
};
type Alerts = { groups: { rules: AlertRule[] }[] };

/** Returns the alert rules. */
export const alertRules = (): AlertRule[] =>
  (parse(read('alerts.yaml')) as Alerts).groups.flatMap(({ rules }) => rules);

/** Returns every query of the dashboard and of the alert rules, with its place. */
export const monitoringQueries = (): { where: string; query: string }[] => {
  const dashboard: Dashboard = JSON.parse(read('dashboard.json'));
  return [
    ...dashboard.panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({ where: `dashboard: ${title}`, query: expr })),
    ),
    ...alertRules().map(({ alert, expr }) => ({ where: `alert: ${alert}`, query: expr })),
  ];
};

/** The keywords of PromQL. */
const WORDS = new Set(
  'absent changes sum min max avg count rate increase histogram_quantile time by without and or unless on ignoring'.split(
    ' ',
  ),
);

/** Returns the metrics of a PromQL query, with the labels that it uses. */
export const namesIn = (query: string): { metrics: string[]; labels: string[] } => {
  const labels = new Set<string>();
  const bare = query
    .replaceAll(/\{([^}]*)\}/g, (_, matchers: string) => {
      for (const [, label] of matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)) labels.add(label!);
      return '';
    })
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g, (_, names: string) => {
      for (const label of names.split(',')) labels.add(label.trim());
      return '';
    });
  const metrics = [...bare.matchAll(/(?<![\w.])[a-z_]\w*/g)].map(([word]) => word).filter((word) => !WORDS.has(word));
  return { metrics: [...new Set(metrics)], labels: [...labels] };
};

/** Returns the series of a scrape: the labels of each metric, by its name. */
export const seriesIn = (text: string): Map<string, Set<string>> => {
  const series = new Map<string, Set<string>>();
  for (const line of text.split('\n')) {
    const match = /^([a-z_]\w*)(?:\{(.*)\})? /.exec(line);
    if (!match) continue;
    const known = series.get(match[1]!) ?? new Set<string>();
    for (const [, label] of (match[2] ?? '').matchAll(/(\w+)="/g)) known.add(label!);
    series.set(match[1]!, known);
  }
  return series;
};
