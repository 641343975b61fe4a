import type { Problem } from '../common/api.ts';
import { language } from '../common/language.ts';
import { commonProblemWords, problemName } from '../common/problems.ts';
import type { ContextView } from './context.ts';

/** Returns the reason of a refusal in words. A context's own refusals in English are Plaza's titles. */
export const problemWords = (problem: Problem, context?: ContextView): string => {
  const own = context?.problems[problemName(problem)];
  if (own !== undefined) return language.get() === 'ko' ? own : problem.title;
  return commonProblemWords(problem);
};
