import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const FOLDER = resolve(import.meta.dirname, '../../docs/decisions');
const read = (file: string): string => readFileSync(join(FOLDER, file), 'utf8');
const files = readdirSync(FOLDER).filter((file) => /^\d{4}-/.test(file));

describe('the decisions', () => {
  test('have unique numbers', () => {
    const numbers = files.map((file) => file.slice(0, 4));
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  test.each(files)('%s has a title, a status and a date, and is in the index', (file) => {
    const text = read(file);
    expect(text).toMatch(new RegExp(`^# ${Number(file.slice(0, 4))}\\. \\S`));
    expect(text).toMatch(/^\*\*Status\*\* (accepted|superseded)/m);
    expect(text).toMatch(/\d{4}-\d\d-\d\d/);
    expect(read('README.md')).toContain(`](${file})`);
  });
});
