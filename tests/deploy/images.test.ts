import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TRIED } from '../conformance/tried.ts';
import { ROOT, readCompose, sidesOf } from './compose.ts';
import { readResources } from './kubernetes.ts';

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

const compose = readCompose();
const sides = new Set(sidesOf(compose).map(([name]) => name));
/** The images of other makers, by the service of docker-compose.yml. */
const images = Object.entries(compose.services).flatMap(([name, { image }]) =>
  sides.has(name) ? [] : [{ name, image }],
);
const versionOf = (image: string): number[] => /:(\d+)\.(\d+)\.(\d+)/.exec(image)!.slice(1).map(Number);

/**
 * The oldest version of each that has no known hole. Raise it with the image: the test refuses a way back.
 * - nginx 1.30.7: CVE-2026-113425 and nine others of November 2026
 * - MongoDB 8.0.37: CVE-2026-120824; before 8.0.17 anybody who reaches it reads its memory (CVE-2025-14847)
 * - EventStoreDB 24.10: 23.10 is without support since October 2025
 */
const OLDEST: Readonly<Record<string, readonly number[]>> = {
  gateway: [1, 30, 7],
  mongodb: [8, 0, 37],
  eventstore: [24, 10, 14],
};

test('docker-compose.yml names no image that has a known hole or no support', () => {
  expect(images.map(({ name }) => name).sort()).toEqual(Object.keys(OLDEST).sort());
  for (const { name, image } of images) {
    const [version, oldest] = [versionOf(image), OLDEST[name]!];
    const differs = version.findIndex((part, at) => part !== oldest[at]);
    expect(differs < 0 || version[differs]! > oldest[differs]!, image).toBe(true);
  }
});

test('the Kubernetes resources name the same images', () => {
  const named = readResources(join(ROOT, 'deploy/kubernetes/base'))
    .filter(({ kind }) => kind === 'Deployment')
    .flatMap(({ spec }) => spec.template.spec.containers.map(({ image }: { image: string }) => image))
    .filter((image) => image !== 'plaza');
  expect(named).toEqual([compose.services.gateway?.image]);
});

test('docs/operations.md lists the same images', () => {
  const [, table = ''] = /## Versions\n(.*?)\n## /s.exec(read('docs/operations.md')) ?? [];
  const listed = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, image]) => image);
  expect(listed.sort()).toEqual(images.map(({ image }) => image).sort());
});

test.each(['README.md', 'docs/operations.md'])('%s names the servers on which the conformance suite passed', (file) => {
  const text = read(file).replaceAll(/\s+/g, ' ');
  const named = [`EventStoreDB ${TRIED.EventStoreDB.join(' and ')}`, ...TRIED.MongoDB];
  expect(named.filter((servers) => !text.includes(servers))).toEqual([]);
});
