import type { Page } from '../common/api.ts';
import { type Update, useUpdates } from '../common/updates.ts';

/** Reads the items of a list. @param options of {@link useUpdates} */
export const useList = <Item>(
  path: string | undefined,
  options: { every?: number; isKept?: boolean } = {},
): Update<readonly Item[]> => {
  const { body, ...rest } = useUpdates<Page<Item>>(path, options);
  return { ...rest, body: body?.items };
};

/**
 * Reads a list that may be longer than one page: at most three pages of 200.
 * @param path with a query
 * @param every milliseconds between two reads
 */
export const useLongList = <Item>(path: string, every: number): Update<readonly Item[]> & { isWhole: boolean } => {
  const whole = `${path}&limit=200`;
  const after = (page: Page<Item> | undefined) =>
    page?.next === undefined ? undefined : `${whole}&cursor=${encodeURIComponent(page.next)}`;
  const { body: one, problem } = useUpdates<Page<Item>>(whole, { every });
  const { body: two } = useUpdates<Page<Item>>(after(one), { every });
  const { body: three } = useUpdates<Page<Item>>(after(two), { every });
  return {
    body: one && [one, two, three].flatMap((page) => page?.items ?? []),
    isWhole: three?.next === undefined,
    problem,
  };
};

/** Changes a list that was read: its order, or what of it is shown. */
export const arranged = <Item, Shown>(
  { body, ...rest }: Update<readonly Item[]>,
  arrange: (items: readonly Item[]) => readonly Shown[],
): Update<readonly Shown[]> => ({ ...rest, body: body && arrange(body) });
