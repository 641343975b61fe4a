/** The most calls that are legible on a wall screen. */
export const SHOWN = 24;
/** The calls that have waited longest never leave the board. */
const KEPT = 8;

/**
 * Chooses the calls that a wall shows: all of them, or the oldest ones and a page of the others.
 * @param calls the oldest first
 * @param turn counts up; each turn shows the next page
 */
export const callsShown = <Call>(calls: readonly Call[], turn: number) => {
  if (calls.length <= SHOWN) return { shown: [...calls], page: 1, pages: 1 };
  const others = calls.slice(KEPT);
  const size = SHOWN - KEPT;
  const pages = Math.ceil(others.length / size);
  const page = turn % pages;
  return {
    shown: [...calls.slice(0, KEPT), ...others.slice(page * size, (page + 1) * size)],
    page: page + 1,
    pages,
  };
};
