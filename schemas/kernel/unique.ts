/**
 * Checks that each name is declared once, since it is found by its name alone.
 * @param kind of what is named, as the error calls it: `command`
 * @param declared names, each with the context that declares it
 * @throws Error that names both contexts
 */
export const requireUnique = (kind: string, declared: Iterable<readonly [name: string, context: string]>): void => {
  const contexts = new Map<string, string>();
  for (const [name, context] of declared) {
    const other = contexts.get(name);
    if (other !== undefined) throw new Error(`The ${kind} ${name} is declared twice: by ${other} and by ${context}`);
    contexts.set(name, context);
  }
};
