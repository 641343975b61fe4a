import { t } from '../common/language.ts';

/** Returns the text in the page's language. */
export const say = (ko: string, en: string): string => t({ ko, en });
