import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { contextSchemas } from '../../programs/contexts.ts';

const ROOT = new URL('../../', import.meta.url);
const rows = readFileSync(new URL('docs/security.md', ROOT), 'utf8')
  .split('\n')
  .filter((line) => /^\| API\d+ /.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()));

describe('the table of docs/security.md', () => {
  test('has the ten risks of OWASP API Security 2023, in order', () => {
    expect(rows.map(([, risk]) => /^API\d+/.exec(risk ?? '')?.[0])).toEqual(
      Array.from({ length: 10 }, (_, index) => `API${index + 1}`),
    );
  });

  test.each(rows.map((row): [string, string] => [row[1]!, row[3]!]))('%s names existing tests', (_, tests) => {
    const files = [...tests.matchAll(/`([^`]+\.ts)`/g)].map(([, file]) => file!);
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect(existsSync(new URL(file, ROOT)), file).toBe(true);
  });
});

test('no command contains a URL that Plaza could call', () => {
  const data = contextSchemas.flatMap(({ commands }) => Object.values(commands).map((command) => command.data));
  expect(data.length).toBeGreaterThan(30);
  const text = JSON.stringify(data);
  expect(text).not.toMatch(/"format":"ur[il]/);
  expect(text).not.toMatch(/"[^"]*(url|uri|href|callback|webhook)[^"]*":\{/i);
});
