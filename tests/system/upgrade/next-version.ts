import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../../..');
const LEFT_OUT = /^\/(node_modules|\.git|data|dist|bench|docs|tests|web)$/;

/** The changes of the next version: files, with the replacements in each. */
const CHANGES: Readonly<Record<string, readonly (readonly [RegExp, string])[]>> = {
  'package.json': [[/"version": "[^"]+"/, '"version": "99.0.0"']],
  // Reservations tell their currency. Those that were stored before are in won.
  'schemas/parking.ts': [
    [
      /(ParkingReserved: event\(\s*'[^']*',\s*Strict\(\{[^}]*amount: Money,)([^}]*\}\),\s*)(\d+),/,
      "$1 currency: Type.Literal('KRW'),$2$3 + 1, { [$3]: (data: object) => ({ ...data, currency: 'KRW' }) } as never,",
    ],
    [/(const Reservation = Strict\(\{[^}]*amount: Money,)/, "$1 currency: Type.Literal('KRW'),"],
  ],
  'write-side/parking/parking-lot.ts': [
    [/const reservation = \{ \.\.\.data,/, "const reservation = { ...data, currency: 'KRW',"],
  ],
  'projections/parking/reservations.ts': [[/version: (\d+)/, 'version: $1 + 1']],
};

/** The number of the version that {@link makeNextVersion} makes. */
export const NEXT_VERSION = '99.0.0';

/**
 * Makes a version of Plaza that stores an event in a new version of its schema, with an upcaster for the old one, and
 * keeps a view in another shape.
 * @param folder where its files go; must not be there
 * @throws Error when the program is not any more what is changed here
 */
export const makeNextVersion = (folder: string): void => {
  cpSync(ROOT, folder, { recursive: true, filter: (path) => !LEFT_OUT.test(path.slice(ROOT.length)) });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const [file, changes] of Object.entries(CHANGES)) {
    let text = readFileSync(join(folder, file), 'utf8');
    for (const [before, after] of changes) {
      if (!before.test(text)) throw new Error(`${file} has no ${before}`);
      text = text.replace(before, after);
    }
    writeFileSync(join(folder, file), text);
  }
};
