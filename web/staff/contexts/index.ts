import type { ContextView } from '../context.ts';

const views = import.meta.glob<ContextView>(['./*.ts', '!./index.ts'], { eager: true, import: 'view' });

/** Every context that the page can show, in order: the `view` of each file beside this one. */
export const contextViews: readonly ContextView[] = Object.values(views).sort((one, other) => one.order - other.order);

export const viewOf = (name: string): ContextView | undefined => contextViews.find((view) => view.name === name);
