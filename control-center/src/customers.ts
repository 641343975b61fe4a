import { may } from './access.ts';
import type { Belonging, ContextView } from './context.ts';
import { contextViews } from './contexts/index.ts';

/** What a context has of a customer, as far as whoever looks may see it. */
export const belongingsOf = (view: ContextView, id: string): readonly Belonging[] =>
  (view.customer ?? []).filter((belonging) => {
    const query = 'list' in belonging ? belonging.query?.(id) : {};
    return may(`GET ${'thing' in belonging ? belonging.thing : belonging.list}`, { ...belonging.path?.(id), ...query });
  });

/** Whether a text can be the id of a customer, as every id is. */
export const isCustomerId = (text: string): boolean => /^[A-Za-z0-9_-]{1,64}$/.test(text);

const SOMEBODY_ELSE = ' '; // Nobody is called that.

/** Whether there is anything to be seen of a customer; of any when left out. */
export const mayOpenCustomer = (id = SOMEBODY_ELSE): boolean =>
  contextViews.some((view) => belongingsOf(view, id).length > 0);
