import type { Parameters } from '../common/templates.ts';
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

const SOMEBODY_ELSE = ' '; // not a valid id, so it is nobody's

/** Returns whether the user may see anything of a customer; of any customer without an id. */
export const mayOpenCustomer = (id = SOMEBODY_ELSE): boolean =>
  contextViews.some((view) => belongingsOf(view, id).length > 0);
