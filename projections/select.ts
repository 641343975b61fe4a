import type { Projection } from './kernel/projection.ts';

/** An operator's choice of views: names, contexts, or all. */
export type Selection = { names: readonly string[]; context?: string | undefined; all?: boolean | undefined };

/** A name that matches no view, or several. */
export class SelectionError extends Error {
  override readonly name = 'SelectionError';
}

/**
 * Finds views by name (`parking.lots`, or `lots` when only one context has it), by context, or all.
 * @throws SelectionError
 */
export const selectProjections = (projections: readonly Projection[], selection: Selection): Projection[] => {
  const { names, context, all } = selection;
  if (all) return [...projections];
  const ofContext =
    context === undefined ? [] : projections.filter((projection) => projection.context.name === context);
  if (context !== undefined && ofContext.length === 0) throw new SelectionError(`There are no views of ${context}`);
  const selected = new Set([...ofContext, ...names.map((name) => byName(projections, name))]);
  if (selected.size === 0)
    throw new SelectionError(
      `Say which view: ${projections.map(({ name }) => name).join(', ')}, or --context, or --all`,
    );
  return [...selected];
};

const byName = (projections: readonly Projection[], name: string): Projection => {
  const found = projections.filter((projection) => projection.name === name || projection.name.endsWith(`.${name}`));
  const [only, ...others] = found.filter((projection) => projection.name === name).concat(found);
  if (!only)
    throw new SelectionError(`There is no view ${name}; there are ${projections.map((p) => p.name).join(', ')}`);
  if (only.name !== name && others.length > 0)
    throw new SelectionError(`${name} may be ${found.map((projection) => projection.name).join(' or ')}`);
  return only;
};
