/** The byte order mark: without it Excel in Korea reads a CSV file in code page 949, and Hangul is garbled. */
export const BYTE_ORDER_MARK = '\ufeff';

/**
 * The characters with which a spreadsheet takes a text for a formula (OWASP, CSV injection), also in their full width:
 * Excel takes these for the others where the language has both.
 */
const FORMULA = /^[=+\-@＝＋－＠\t\r]/;

const cellOf = (value: unknown): string => {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
};

/**
 * Formats a row of a CSV file (RFC 4180). A text that a spreadsheet would run as a formula gets an apostrophe before
 * it.
 * @param cells null for an empty one; objects and lists become JSON
 */
export const csvRow = (cells: readonly unknown[]): string => `${cells.map(cellOf).join(',')}\r\n`;
