import type { Rule } from '../access.ts';
import type { CommonProblem } from '../kernel/problems.ts';
import type { Operation, Response } from './document.ts';
import { common, problemResponses } from './problems.ts';

const merged = (one: Response, other: Response): Response => {
  const types = Object.keys({ ...one.content, ...other.content });
  return {
    description: `${one.description}; ${other.description}`,
    headers: { ...one.headers, ...other.headers },
    content: Object.fromEntries(
      types.map((type) => {
        const [first, second] = [one.content?.[type], other.content?.[type]];
        if (!first || !second) return [type, (first ?? second)!];
        return [type, { ...first, examples: { ...first.examples, ...second.examples } }];
      }),
    ),
  };
};

/**
 * Adds the access rule to an operation, and the answers to callers without access.
 * @param isHidden whether only the resource itself shows that it is outside of a token's scope
 */
export const guarded = (operation: Operation, rule: Rule, isHidden = false): Operation => {
  const isOpen = rule.anyone === 'all';
  const isOwners = Object.values(rule).some((grant) => typeof grant !== 'string');
  const refusals: CommonProblem[] = [
    'unauthenticated',
    ...(isOpen ? [] : ['forbidden' as const]),
    ...(isOwners || isHidden ? ['not-found' as const] : []),
    'misdirected-request',
    'too-many-requests',
    'sign-in-unavailable',
  ];
  const more = problemResponses(common(refusals));
  const responses = { ...operation.responses };
  for (const [status, response] of Object.entries(more)) {
    const known = responses[status];
    responses[status] = known ? merged(known, response) : response;
  }
  return { ...operation, security: isOpen ? [{}, { bearer: [] }] : [{ bearer: [] }], 'x-access': rule, responses };
};
