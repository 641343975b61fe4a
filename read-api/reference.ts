import { createHash } from 'node:crypto';
import { type Response, Router } from 'express';
import helmet from 'helmet';
import { asyncApi } from '../schemas/asyncapi.ts';
import type { ContextSchema } from '../schemas/kernel/context.ts';
import { type OpenApiDocument, type Operation, openApi, type Parameter } from '../schemas/openapi.ts';

const escaped = (text: unknown): string =>
  String(text).replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d7dbe0, #3a3f47); --soft: light-dark(#f5f6f8, #1e2228); --ink: light-dark(#1b1f24, #e6e8eb); --dim: light-dark(#59616b, #9aa3ad); }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem 1.25rem 4rem; font: 1rem/1.55 system-ui, sans-serif; color: var(--ink); background: light-dark(#fff, #14171b); }
h1 { margin-bottom: 0; } h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); } h3 { font-size: 1rem; margin: 1rem 0 .3rem; }
nav ul { columns: 18rem; padding-left: 1.2rem; } a { color: light-dark(#0b57c2, #7cb0ff); }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .6rem 0; padding: 0 1rem; } details[open] { padding-bottom: 1rem; }
summary { cursor: pointer; padding: .6rem 0; } code, pre { font: .875rem/1.5 ui-monospace, monospace; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: .4rem; padding: .7rem .9rem; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); } th { color: var(--dim); font-weight: 600; }
.method { display: inline-block; min-width: 4.2rem; font: 700 .8rem ui-monospace, monospace; } .dim { color: var(--dim); }
`;

/** The page runs nothing, loads nothing and is shown in no other page. */
const protect = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      styleSrc: [`'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
});

const pretty = (value: unknown): string => `<pre><code>${escaped(JSON.stringify(value, null, 2))}</code></pre>`;

const resolve = (document: OpenApiDocument, parameter: Operation['parameters'][number]): Parameter =>
  '$ref' in parameter ? document.components.parameters[parameter.$ref.split('/').at(-1)!]! : parameter;

const constraint = (schema: Readonly<Record<string, unknown>>): string =>
  [
    schema.type,
    ...(Array.isArray(schema.enum) ? [schema.enum.map((word) => JSON.stringify(word)).join(' | ')] : []),
    ...['format', 'pattern', 'minimum', 'maximum', 'maxLength', 'default'].flatMap((keyword) =>
      schema[keyword] === undefined ? [] : [`${keyword} ${schema[keyword]}`],
    ),
  ]
    .filter(Boolean)
    .join(', ');

/** The request as a shell command, with `$PLAZA` for where Plaza listens. */
const curl = (path: string, method: string, parameters: readonly Parameter[], body: unknown): string => {
  const target = path.replaceAll(/\{(\w+)\}/g, (_, name) =>
    encodeURIComponent(String(parameters.find((parameter) => parameter.name === name)?.example ?? name)),
  );
  const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const lines = [`curl -i${method === 'get' ? '' : ` -X ${method.toUpperCase()}`} "$PLAZA${target}"`];
  if (body !== undefined) lines.push(`-H 'Content-Type: application/json'`, `-d ${quoted(JSON.stringify(body))}`);
  return lines.join(' \\\n  ');
};

const rows = (cells: readonly (readonly string[])[]): string =>
  cells.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n');

const operationHtml = (document: OpenApiDocument, path: string, method: string, operation: Operation): string => {
  const parameters = operation.parameters.map((parameter) => resolve(document, parameter));
  const body = operation.requestBody?.content['application/json']?.example;
  const answers = Object.entries(operation.responses).map(([status, { description, content = {} }]) => {
    const problems = content['application/problem+json']?.examples as Record<string, { summary: string }> | undefined;
    const told = problems
      ? Object.entries(problems)
          .map(([name, { summary }]) => `<code>/problems/${escaped(name)}</code> ${escaped(summary)}`)
          .join('<br>')
      : escaped(description);
    return [`<code>${status}</code>`, told];
  });
  const done = Object.entries(operation.responses).find(([status]) => status.startsWith('2'))?.[1];
  const example = done?.content?.['application/json']?.example;
  return `<details id="${escaped(operation.operationId)}">
<summary><span class="method">${method.toUpperCase()}</span> <code>${escaped(path)}</code> <span class="dim">${escaped(operation.summary)}</span></summary>
${operation.description ? `<p>${escaped(operation.description)}</p>` : ''}
<pre><code>${escaped(curl(path, method, parameters, body))}</code></pre>
${
  parameters.length > 0
    ? `<h3>Parameters</h3><table><thead><tr><th>Name</th><th>In</th><th>What</th></tr></thead><tbody>${rows(
        parameters.map(({ name, in: place, description = '', schema }) => [
          `<code>${escaped(name)}</code>`,
          place,
          `${escaped(description)} <span class="dim">${escaped(constraint(schema as Record<string, unknown>))}</span>`,
        ]),
      )}</tbody></table>`
    : ''
}
${body === undefined ? '' : `<h3>Body</h3>${pretty(body)}`}
${example === undefined ? '' : `<h3>Answer</h3>${pretty(example)}`}
<h3>Statuses</h3><table><tbody>${rows(answers)}</tbody></table>
</details>`;
};

/** The document as a page of HTML that needs nothing else: no script, no font, no picture. */
const referencePage = (document: OpenApiDocument): string => {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const sections = document.tags.map(({ name, description }) => ({
    name,
    description,
    own: operations.filter(({ operation }) => operation.tags.includes(name)),
  }));
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Plaza: reference</title><style>${STYLE}</style></head>
<body>
<header><h1>Plaza</h1><p class="dim">Version ${escaped(document.info.version)}. ${escaped(document.info.description)}</p>
<p>The same for programs: <a href="/openapi.json">OpenAPI</a>, <a href="/asyncapi.json">AsyncAPI</a>. The commands below work after</p>
<pre><code>PLAZA=http://localhost:8088</code></pre></header>
<nav aria-label="Sections"><ul>${sections.map(({ name, description }) => `<li><a href="#${escaped(name)}">${escaped(description)}</a></li>`).join('')}</ul></nav>
<main>
${sections
  .map(
    ({ name, description, own }) =>
      `<section id="${escaped(name)}"><h2>${escaped(description)}</h2>\n${own
        .map(({ path, method, operation }) => operationHtml(document, path, method, operation))
        .join('\n')}</section>`,
  )
  .join('\n')}
</main>
</body>
</html>
`;
};

const sendWhole = (res: Response, type: string, bytes: Buffer): void => {
  res.writeHead(200, { 'Content-Type': type, 'Content-Length': bytes.length, 'Cache-Control': 'no-cache' });
  res.end(bytes);
};

/** Made when it is first asked for. */
const once = (make: () => string): (() => Buffer) => {
  let made: Buffer | undefined;
  return () => (made ??= Buffer.from(make()));
};

/** GET /openapi.json, /asyncapi.json and /reference, each rendered once. */
export const referenceRoutes = (contexts: readonly ContextSchema[], version: string): Router => {
  const openApiJson = once(() => JSON.stringify(openApi(contexts, version)));
  const asyncApiJson = once(() => JSON.stringify(asyncApi(contexts, version)));
  const page = once(() => referencePage(openApi(contexts, version)));
  const router = Router({ caseSensitive: true });
  router.get('/openapi.json', (_req, res) => sendWhole(res, 'application/json', openApiJson()));
  router.get('/asyncapi.json', (_req, res) => sendWhole(res, 'application/json', asyncApiJson()));
  router.get('/reference', protect, (_req, res) => sendWhole(res, 'text/html; charset=utf-8', page()));
  return router;
};
