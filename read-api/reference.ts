import { type Request, type Response, Router } from 'express';
import { etagOf, sendTagged } from '../platform/http/conditional.ts';
import { asyncApi } from '../schemas/asyncapi.ts';
import type { ContextSchema } from '../schemas/kernel/context.ts';
import { type OpenApiDocument, type Operation, openApi, type Parameter } from '../schemas/openapi.ts';
import { escaped, htmlPage, protect } from './html.ts';

const pretty = (value: unknown): string => `<pre><code>${escaped(JSON.stringify(value, null, 2))}</code></pre>`;

const resolve = (document: OpenApiDocument, parameter: Operation['parameters'][number]): Parameter =>
  '$ref' in parameter ? document.components.parameters[parameter.$ref.split('/').at(-1)!]! : parameter;

const constraint = (schema: Readonly<Record<string, unknown>>): string =>
  [
    [schema.type].flat().join(' | '),
    ...(Array.isArray(schema.enum) ? [schema.enum.map((word) => JSON.stringify(word)).join(' | ')] : []),
    ...['format', 'pattern', 'minimum', 'maximum', 'maxLength', 'default'].flatMap((keyword) =>
      schema[keyword] === undefined ? [] : [`${keyword} ${schema[keyword]}`],
    ),
  ]
    .filter(Boolean)
    .join(', ');

/** Returns the request as a shell command, with `$PLAZA` for Plaza's address. */
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
    const shown = problems
      ? Object.entries(problems)
          .map(([name, { summary }]) => `<code>/problems/${escaped(name)}</code> ${escaped(summary)}`)
          .join('<br>')
      : escaped(description);
    return [`<code>${status}</code>`, shown];
  });
  const done = Object.entries(operation.responses).find(([status]) => status.startsWith('2'))?.[1];
  const example = done?.content?.['application/json']?.example;
  return `<details id="${escaped(operation.operationId)}">
<summary><span class="method">${method.toUpperCase()}</span> <code>${escaped(path)}</code> <span class="dim">${escaped(operation.summary)}</span></summary>
${operation.description ? `<p>${escaped(operation.description)}</p>` : ''}
<pre><code>${escaped(curl(path, method, parameters, body))}</code></pre>
${
  parameters.length > 0
    ? `<h3>Parameters</h3><table><thead><tr><th>Name</th><th>In</th><th>Meaning</th></tr></thead><tbody>${rows(
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

/** Stands in the page for the address that it was requested at. */
const ADDRESS = '{address}';

const referencePage = (document: OpenApiDocument): string => {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const sections = document.tags.map(({ name, description }) => ({
    name,
    description,
    own: operations.filter(({ operation }) => operation.tags.includes(name)),
  }));
  return htmlPage(
    'Plaza: reference',
    `<header><h1>Plaza</h1><p class="dim">Version ${escaped(document.info.version)}. ${escaped(document.info.description)}</p>
<p>The same for programs: <a href="/openapi.json">OpenAPI</a>, <a href="/asyncapi.json">AsyncAPI</a>. The commands below work after</p>
<pre><code>PLAZA=${ADDRESS}</code></pre></header>
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
</main>`,
  );
};

const UNCHANGING = { 'Cache-Control': 'no-cache' };

/** Returns a handler that answers with a document as JSON, which is made when it is first requested. */
const whole = (make: () => object) => {
  let made: { bytes: Buffer; etag: string } | undefined;
  return async (req: Request, res: Response): Promise<void> => {
    const bytes = made?.bytes ?? Buffer.from(JSON.stringify(make()));
    made ??= { bytes, etag: etagOf(bytes) };
    await sendTagged(req, res, bytes, { 'Content-Type': 'application/json', ...UNCHANGING }, made.etag);
  };
};

const HOST = /^[a-z0-9.-]{1,253}(:\d{1,5})?$|^\[[0-9a-f:.]{2,45}\](:\d{1,5})?$/i;

/**
 * Returns the address that a client used, also behind a gateway, which forwards it. It is shown, and trusted no
 * further.
 */
const addressOf = ({ headers }: Request): string => {
  const host = String(headers['x-forwarded-host'] ?? headers.host ?? '');
  const scheme = headers['x-forwarded-proto'] === 'https' ? 'https' : 'http';
  return HOST.test(host) ? `${scheme}://${host}` : 'http://localhost:8088';
};

/** GET /openapi.json, /asyncapi.json and /reference, each rendered once. */
export const referenceRoutes = (contexts: readonly ContextSchema[], version: string): Router => {
  const router = Router({ caseSensitive: true });
  const openApiDocument = () => openApi(contexts, version);
  const asyncApiDocument = () => asyncApi(contexts, version);
  router.get('/openapi.json', whole(openApiDocument));
  router.get('/asyncapi.json', whole(asyncApiDocument));
  let page: string | undefined;
  router.get('/reference', protect, async (req, res) => {
    page ??= referencePage(openApiDocument());
    const text = page.replace(ADDRESS, escaped(addressOf(req)));
    await sendTagged(req, res, text, { 'Content-Type': 'text/html; charset=utf-8', ...UNCHANGING });
  });
  return router;
};
