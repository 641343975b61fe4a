import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvRow } from './csv.ts';

describe('a row of CSV', () => {
  it.each([
    [['a', 1, null, -2.5, ''], 'a,1,,-2.5,\r\n'],
    [['정자역, 1층', 'say "hi"', 'two\nlines'], '"정자역, 1층","say ""hi""","two\nlines"\r\n'],
    [['=1+1', '+1', '-1', '@SUM(A1)', '\tx'], "'=1+1,'+1,'-1,'@SUM(A1),'\tx\r\n"],
    [['＝1+1', '＋1', '－1', '＠SUM(A1)'], "'＝1+1,'＋1,'－1,'＠SUM(A1)\r\n"],
    [['=cmd|"/c calc"!A1', '\rx'], '"\'=cmd|""/c calc""!A1","\'\rx"\r\n'],
  ])('of %j is %j', (cells, row) => {
    expect(csvRow(cells)).toBe(row);
  });

  it('never has a text cell that a spreadsheet takes for a formula', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', 'a', '"', ',') }),
        (text) => {
          expect(csvRow([text])).not.toMatch(/^"?[=+\-@＝＋－＠\t\r](?!\n$)/);
        },
      ),
    );
  });
});
