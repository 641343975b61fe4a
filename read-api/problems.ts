import { Router } from 'express';
import { sendTagged } from '../platform/http/conditional.ts';
import { problems, sendProblem } from '../platform/http/problem.ts';
import type { ContextSchema } from '../schemas/kernel/context.ts';
import {
  gatewayGuide,
  gatewayProblems,
  guidesByStatus,
  type ProblemGuide,
  problemGuides,
} from '../schemas/kernel/problem-guides.ts';
import { type CommonProblem, commonProblems } from '../schemas/kernel/problems.ts';
import { escaped, htmlPage, protect } from './html.ts';

/** One meaning of a problem's name: contexts may use the same name. */
type Meaning = ProblemGuide & {
  where: string;
  status: number;
  title: string;
  /** The commands that answer with it, by name and summary; empty for what any request may meet. */
  commands: readonly (readonly [id: string, summary: string])[];
};

const meaningsIn = (context: ContextSchema): [string, Meaning][] =>
  Object.entries(context.problems).map(([name, { status, title }]) => {
    const commands = Object.entries(context.commands)
      .filter(([, { http, problems: own }]) => http && own.includes(name))
      .map(([command, { summary }]) => [`${context.name}.${command}`, summary] as const);
    return [name, { ...guidesByStatus[status], where: context.title, status, title, commands }];
  });

const meaningsOf = (contexts: readonly ContextSchema[]): Map<string, Meaning[]> => {
  const common = Object.entries(commonProblems).map(([name, { status, title }]): [string, Meaning] => [
    name,
    { ...problemGuides[name as CommonProblem], where: 'Any request', status, title, commands: [] },
  ]);
  const gateways = Object.entries(gatewayProblems).map(([name, shown]): [string, Meaning] => [
    name,
    { ...gatewayGuide, ...shown, where: 'The gateway', commands: [] },
  ]);
  const all = [...common, ...gateways, ...contexts.flatMap(meaningsIn)];
  return new Map([...Map.groupBy(all, ([name]) => name)].map(([name, same]) => [name, same.map(([, one]) => one)]));
};

const sectionHtml = ({ where, status, title, when, advice, commands }: Meaning): string => `<section>
<h2>${escaped(title)}</h2>
<p class="dim">${escaped(where)}, status ${status}</p>
<h3>When it happens</h3><p>${escaped(when)}</p>
${
  commands.length > 0
    ? `<ul>${commands
        .map(([id, summary]) => `<li><a href="/reference#${escaped(id)}">${escaped(summary)}</a></li>`)
        .join('')}</ul>`
    : ''
}
<h3>What to do</h3><p>${escaped(advice)}</p>
</section>`;

/** GET /problems/{name}: the page at the `type` of problem details, for people (RFC 9457 3.1.1). */
export const problemRoutes = (contexts: readonly ContextSchema[]): Router => {
  const router = Router({ caseSensitive: true });
  const meanings = meaningsOf(contexts);
  router.get('/problems/:name', protect, async (req, res) => {
    const { name } = req.params;
    const found = meanings.get(name);
    if (!found) return sendProblem(res, problems.notFound());
    const body = `<header><h1><code>/problems/${escaped(name)}</code></h1>
<p><a href="/reference">Reference</a></p></header>
<main>
${found.map(sectionHtml).join('\n')}
</main>`;
    await sendTagged(req, res, htmlPage(`Plaza: ${name}`, body), {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-cache',
    });
  });
  return router;
};
