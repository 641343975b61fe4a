/** The values in a path: `{lotId: 'lot-1'}`. */
export type Parameters = Readonly<Record<string, string>>;

/** Returns the names of a path's `{name}` parts. */
export const parameterNames = (template: string): string[] =>
  [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);

/** Fills a path's `{name}` parts; undefined when a value is missing. */
export const fill = (template: string, values: Readonly<Record<string, unknown>>): string | undefined => {
  let isWhole = true;
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (typeof value !== 'string' || value === '') isWhole = false;
    return encodeURIComponent(String(value));
  });
  return isWhole ? path : undefined;
};

/** Returns the values of a path that matches a template; undefined otherwise. */
export const match = (template: string, path: string): Parameters | undefined => {
  const names = parameterNames(template);
  const pattern = new RegExp(`^${template.replaceAll(/\{\w+\}/g, '([^/]+)')}$`);
  const found = pattern.exec(path);
  if (!found) return undefined;
  try {
    return Object.fromEntries(names.map((name, at) => [name, decodeURIComponent(found[at + 1]!)]));
  } catch {
    return undefined;
  }
};
