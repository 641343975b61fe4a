import { type Language, t } from './language.ts';
import type { Scheme } from './scheme.ts';
import type { Option } from './select.tsx';

/** The languages of the pages, each in its own words. */
export const languages: readonly Option<Language>[] = [
  ['ko', '한국어'],
  ['en', 'English'],
];

/** Returns the choices of colours. */
export const schemes = (): readonly Option<Scheme>[] => [
  ['system', t({ en: 'Auto', ko: '자동' })],
  ['light', t({ en: 'Light', ko: '밝게' })],
  ['dark', t({ en: 'Dark', ko: '어둡게' })],
];
