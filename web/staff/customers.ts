import { may } from './access.ts';
import type { Belonging, ContextView } from './context.ts';
import { contextViews } from './contexts/index.ts';

/** Returns a context's lists and resources of a customer that the user may see. */
export const belongingsOf = (view: ContextView, id: string): readonly Belonging[] =>
  (view.customer ?? []).filter((belonging) => {
    const query = 'list' in belonging ? belonging.query?.(id) : {};
    return may(`GET ${'thing' in belonging ? belonging.thing : belonging.list}`, { ...belonging.path?.(id), ...query });
  });

/** Returns whether a text can be a customer's id. */
export const isCustomerId = (text: string): boolean => /^[A-Za-z0-9_-]{1,64}$/.test(text);

const SOMEBODY_ELSE = ' '; // not a valid id, so it is nobody's

/** Returns whether the user may see anything of a customer; of any customer without an id. */
export const mayOpenCustomer = (id = SOMEBODY_ELSE): boolean =>
  contextViews.some((view) => belongingsOf(view, id).length > 0);
