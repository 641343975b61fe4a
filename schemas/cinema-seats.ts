// Seats and their names. A hall map has a text for each row, from the front; each character is one place: `o` a seat,
// `x` a blocked seat, `_` an aisle. Rows are named A to Z, then AA, AB and so on; seats are numbered from 1 within
// their row, without the aisles: `B7`. A showing without a map has one row without a name, so its seats are `1` to `n`.

/** The most seats of one reservation. */
export const MAX_GROUP = 8;

export type Seat = {
  /** `B7`; `7` in a showing without a hall map. */
  name: string;
  isBlocked: boolean;
  /** The place in the row from 1, counting aisles: neighbours differ by 1. */
  column: number;
};

export type Row = { row: string; seats: readonly Seat[] };

const LETTERS = 26;

/** Returns the name of a row, by its number from 0. */
const rowName = (row: number): string =>
  (row < LETTERS ? '' : rowName(Math.floor(row / LETTERS) - 1)) + String.fromCharCode(65 + (row % LETTERS));

const seatsOfRow = (row: string, places: string): Seat[] =>
  [...places].reduce<Seat[]>((seats, place, index) => {
    if (place !== '_') seats.push({ name: `${row}${seats.length + 1}`, isBlocked: place === 'x', column: index + 1 });
    return seats;
  }, []);

/** Returns the rows of a hall. @param seats the number of seats, for a hall without a map */
export const rowsOf = (hallMap: readonly string[] | undefined, seats: number): Row[] =>
  (hallMap ?? ['o'.repeat(seats)]).map((places, index) => {
    const row = hallMap ? rowName(index) : '';
    return { row, seats: seatsOfRow(row, places) };
  });

/** Returns the number of seats of a hall map that can be sold. */
export const seatsIn = (hallMap: readonly string[]): number =>
  hallMap.reduce((sum, places) => sum + places.replaceAll(/[^o]/g, '').length, 0);

/** Returns a seat by its name; undefined when the hall has none. */
export const findSeat = (name: string, hallMap: readonly string[] | undefined, seats: number): Seat | undefined => {
  const [, row, digits] = /^([A-Z]{0,2})([1-9]\d{0,4})$/.exec(name) ?? [];
  if (row === undefined) return undefined;
  const number = Number(digits);
  if (!hallMap) return row === '' && number <= seats ? { name, isBlocked: false, column: number } : undefined;
  const index = hallMap.findIndex((_, at) => rowName(at) === row);
  return index < 0 ? undefined : seatsOfRow(row, hallMap[index]!)[number - 1];
};

/** Free seats beside each other, without an aisle or another seat between them. */
type Run = readonly string[];

const runsOf = ({ seats }: Row, isFree: (seat: string) => boolean): Run[] => {
  const runs: string[][] = [];
  let last = Number.NaN;
  for (const { name, isBlocked, column } of seats) {
    if (isBlocked || !isFree(name)) continue;
    if (column === last + 1) runs.at(-1)!.push(name);
    else runs.push([name]);
    last = column;
  }
  return runs;
};

/**
 * Chooses seats beside each other in one row: in the shortest run of free seats that has room, so that longer runs stay
 * for larger groups.
 * @returns `seats`, or `alternatives`: the longest runs, as far as they are needed for the group
 */
export const chooseSeats = (
  rows: readonly Row[],
  places: number,
  isFree: (seat: string) => boolean,
): { seats: string[] } | { alternatives: string[][] } => {
  const runs = rows.flatMap((row) => runsOf(row, isFree));
  const [fitting] = runs.filter(({ length }) => length >= places).sort((a, b) => a.length - b.length);
  if (fitting) return { seats: fitting.slice(0, places) };
  const alternatives: string[][] = [];
  let missing = places;
  for (const run of runs.sort((a, b) => b.length - a.length)) {
    if (missing === 0) break;
    const part = run.slice(0, missing);
    alternatives.push(part);
    missing -= part.length;
  }
  return { alternatives };
};
