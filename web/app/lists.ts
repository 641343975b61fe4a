import type { Page, Problem } from '../common/api.ts';
import { useUpdates } from '../common/updates.ts';

/**
 * Reads a list that may be longer than one page: at most three pages of 200.
 * @param path with a query
 * @param every milliseconds between two reads
 */
export const useLongList = <Item>(
  path: string,
  every: number,
): { items?: Item[]; isWhole: boolean; problem?: Problem } => {
  const whole = `${path}&limit=200`;
  const after = (page: Page<Item> | undefined) =>
    page?.next === undefined ? undefined : `${whole}&cursor=${encodeURIComponent(page.next)}`;
  const { body: one, problem } = useUpdates<Page<Item>>(whole, { every });
  const { body: two } = useUpdates<Page<Item>>(after(one), { every });
  const { body: three } = useUpdates<Page<Item>>(after(two), { every });
  return {
    ...(one ? { items: [one, two, three].flatMap((page) => page?.items ?? []) } : {}),
    isWhole: three?.next === undefined,
    ...(problem ? { problem } : {}),
  };
};
