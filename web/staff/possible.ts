import { methodsOf } from '../common/api.ts';
import { readOperations } from '../common/openapi.ts';
import { fill } from '../common/templates.ts';
import type { Item } from './context.ts';

const answers = new Map<string, Promise<boolean>>();

const ask = async (name: string, known: Item): Promise<boolean | undefined> => {
  const { method, path } = (await readOperations()).get(name)!;
  return (await methodsOf(fill(path, known)!))?.includes(method);
};

/**
 * Returns whether Plaza has the means for a command, without giving it: otherwise OPTIONS of every resource leaves its
 * method out. Asks once, and again only when no write side answered.
 * @param name `customers.EraseCustomer`
 * @param known the fields of a resource
 */
export const isPossible = (name: string, known: Item): Promise<boolean> => {
  const kept = answers.get(name);
  if (kept) return kept;
  const answer = ask(name, known)
    .catch(() => undefined)
    .then((possible) => {
      if (possible === undefined) answers.delete(name);
      return possible === true;
    });
  answers.set(name, answer);
  return answer;
};
