import { same, t } from '../common/language.ts';
import type { HappenedEvent } from './context.ts';
import { viewOf } from './contexts/index.ts';
import type { Overview } from './live.ts';

export type Told = { event: HappenedEvent; words: string; about: string | undefined };

/**
 * Describes events in words, with the number left in their resource after each: the overview's number, less the later
 * changes.
 * @param events the newest first
 * @param isWhole whether they are all recent events: only then can the number be computed
 */
export const tell = (events: readonly HappenedEvent[], overview: Overview | undefined, isWhole: boolean): Told[] => {
  const contexts = new Map<string, { names: ReadonlyMap<string, string>; left: Map<string, number> }>();
  const knownOf = (name: string) => {
    const known = contexts.get(name);
    if (known) return known;
    const view = viewOf(name);
    const part = overview?.contexts[name] as never;
    const made = {
      names: part && view ? view.names(part) : new Map<string, string>(),
      left: new Map(part && isWhole && view?.left ? view.left.now(part) : []),
    };
    contexts.set(name, made);
    return made;
  };
  return events.map((event) => {
    const view = viewOf(event.context);
    const words = view?.words[event.type];
    if (!view || !words) return { event, words: t(same(event.type)), about: undefined };
    const { names, left } = knownOf(event.context);
    const ids = event.data as Readonly<Record<string, string>>;
    const place = view.left?.place(ids);
    const told = t(
      words(event.data as never, {
        name: (id) => names.get(id) ?? id,
        left: place === undefined ? undefined : left.get(place),
      }),
    );
    const changes = view.left?.changes[event.type];
    const change = typeof changes === 'function' ? changes(event.data as never) : changes;
    if (place !== undefined && change !== undefined) {
      const now = left.get(place);
      if (change === null || now === undefined) left.delete(place);
      else left.set(place, now - change);
    }
    return { event, words: told, about: view.about(ids) };
  });
};
