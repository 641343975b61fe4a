import { same, t } from '../common/language.ts';
import { fill } from '../common/templates.ts';
import type { ContextView, HappenedEvent, Item, Names } from './context.ts';
import { viewOf } from './contexts/index.ts';
import type { Overview } from './live.ts';
import { filled } from './texts.ts';

export type DescribedEvent = { event: HappenedEvent; words: string; about: string | undefined };

/** Returns the path of the most specific resource that the ids among some values name. */
export const aboutOf = ({ about }: ContextView, ids: Item): string | undefined =>
  about.map((template) => fill(template, ids)).find((path) => path !== undefined);

/**
 * Describes events in words, with the number left in their resource after each: the overview's number, less the later
 * changes.
 * @param events the newest first
 * @param isWhole whether they are all recent events: only then can the number be computed
 */
export const describeEvents = (
  events: readonly HappenedEvent[],
  overview: Overview | undefined,
  isWhole: boolean,
): DescribedEvent[] => {
  const contexts = new Map<string, { names: Names; left: Map<string, number> }>();
  const knownOf = (view: ContextView) => {
    const known = contexts.get(view.name);
    if (known) return known;
    const part = overview?.contexts[view.name] as never;
    const made = {
      names: (part && view.names?.(part)) ?? {},
      left: new Map(part && isWhole ? view.left?.now(part) : []),
    };
    contexts.set(view.name, made);
    return made;
  };
  return events.map((event) => {
    const view = viewOf(event.context);
    const words = view?.words[event.type];
    if (!view || !words) return { event, words: t(same(event.type)), about: undefined };
    const { names, left } = knownOf(view);
    const { data } = event;
    const place = view.left && (data[view.left.place] as string | undefined);
    const now = place === undefined ? undefined : left.get(place);
    const leftWords = view.left && now !== undefined ? filled(view.left.words, { left: now }) : undefined;
    const sentence = filled(typeof words === 'function' ? words(data as never) : words, data, (field) =>
      field === 'left' ? leftWords : names[field]?.get(String(data[field])),
    );
    const changes = view.left?.changes[event.type];
    const change = typeof changes === 'function' ? changes(data as never) : changes;
    if (place !== undefined && change !== undefined) {
      if (change === null || now === undefined) left.delete(place);
      else left.set(place, now - change);
    }
    return { event, words: sentence, about: aboutOf(view, data) };
  });
};
