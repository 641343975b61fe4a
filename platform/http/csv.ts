/** The byte order mark: without it Excel in Korea reads a CSV file in code page 949, and Hangul is garbled. */
export const BYTE_ORDER_MARK = '\ufeff';

/** The characters with which a spreadsheet takes a text for a formula (OWASP, CSV injection). */
const FORMULA = /^[=+\-@\t\r]/;

const cellOf = (value: string | number | null): string => {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const harmless = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
};

/**
 * Formats a row of a CSV file (RFC 4180). A text that a spreadsheet would run as a formula gets an apostrophe before
 * it.
 * @param cells null for an empty one
 */
export const csvRow = (cells: readonly (string | number | null)[]): string => `${cells.map(cellOf).join(',')}\r\n`;
