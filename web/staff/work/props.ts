import type { Parameters } from '../../common/templates.ts';
import type { ContextView, Item } from '../context.ts';

/** A page shaped like the work, shown above the fields and lists of a resource, or above a list. */
export type WorkProps = { view: ContextView; parameters: Parameters; item: Item };
