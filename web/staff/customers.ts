import { get, type Page } from '../common/api.ts';
import { withQuery } from '../common/router.tsx';
import { fill, type Parameters } from '../common/templates.ts';
import { may } from './access.ts';
import type { ContextView } from './context.ts';
import { contextViews } from './contexts/index.ts';

/** A list or a resource of a customer, who is named in its path or in its query. */
export type Belonging = { template: string; parameters: Parameters; query: Parameters };

/** Returns a context's lists and resources of a customer that the user may see. */
export const belongingsOf = ({ customer }: ContextView, id: string): readonly Belonging[] => {
  if (!customer) return [];
  const named = { [customer.field]: id };
  return customer.shows
    .filter((template) => may(`GET ${template}`, named))
    .map((template) =>
      template.includes('{') ? { template, parameters: named, query: {} } : { template, parameters: {}, query: named },
    );
};

/** Returns whether a text can be a customer's id. */
export const isCustomerId = (text: string): boolean => /^[A-Za-z0-9_-]{1,64}$/.test(text);

/** Returns whether a list of any context has something of a customer that the user may see. */
export const isCustomer = async (id: string, signal?: AbortSignal): Promise<boolean> => {
  const lists = contextViews.flatMap((view) => belongingsOf(view, id).filter(({ template }) => view.lists[template]));
  const counts = lists.map(async ({ template, parameters, query }) => {
    const path = withQuery(fill(template, parameters)!, { ...query, limit: '1' });
    return (await get<Page<unknown>>(path, undefined, signal)).items.length;
  });
  const settled = await Promise.allSettled(counts);
  return settled.some((count) => count.status === 'fulfilled' && count.value > 0);
};

const SOMEBODY_ELSE = ' '; // not a valid id, so it is nobody's

/** Returns whether the user may see anything of a customer; of any customer without an id. */
export const mayOpenCustomer = (id = SOMEBODY_ELSE): boolean =>
  contextViews.some((view) => belongingsOf(view, id).length > 0);
