import type { Item, ViewProps } from '../context.ts';

/** A page shaped like the work, shown above the fields and lists of a resource, or above a list. */
export type WorkProps = Omit<ViewProps, 'template'> & { item: Item };
