import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { settingsTable } from '../../programs/wiring/settings.ts';
import { gatewayProblems } from '../../schemas/kernel/problem-guides.ts';
import { commonProblems } from '../../schemas/kernel/problems.ts';
import { ROOT, readCompose } from './compose.ts';

const guide = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');
const words = [...guide.matchAll(/`([^`\n]+)`/g)].map(([, word = '']) => word);

test('docs/settings.md has a row for each setting: `npx vitest run tests/deploy/operations.test.ts -u` writes it', async () => {
  const rows = Object.entries(settingsTable).map(
    ([name, { default: otherwise, about }]) => `| \`${name}\` | ${otherwise && `\`${otherwise}\``} | ${about} |`,
  );
  const table = ['# Settings', '', '| variable | default | meaning |', '|---|---|---|', ...rows, ''].join('\n');
  await expect(table).toMatchFileSnapshot(join(ROOT, 'docs/settings.md'));
});

describe('docs/operations.md', () => {
  test('names only existing scripts, files, problems and variables', () => {
    const scripts = [...guide.matchAll(/npm run ([\w-]+)/g)].map(([, name = '']) => name);
    for (const name of scripts) expect(packageJson.scripts).toHaveProperty(name);
    for (const word of words.filter((each) => /^[\w./-]+\.(md|ts|yml|conf|yaml)$/.test(each)))
      expect(existsSync(join(ROOT, word)), word).toBe(true);
    for (const [, name = ''] of guide.matchAll(/503 `([\w-]+)`/g))
      expect({ ...commonProblems, ...gatewayProblems }).toHaveProperty(name);
    const compose = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
    const tls = readFileSync(join(ROOT, 'docker-compose.tls.yml'), 'utf8');
    for (const word of words.filter((each) => /^[A-Z][A-Z_]+$/.test(each) && each.includes('_')))
      expect(compose.includes(word) || tls.includes(word) || Object.hasOwn(settingsTable, word), word).toBe(true);
    const store = readCompose().services.eventstore?.environment ?? {};
    for (const word of words.filter((each) => each.startsWith('DOTNET_'))) {
      const [name = '', value] = word.split('=');
      expect(store[name]).toBe(value);
    }
  });
});
