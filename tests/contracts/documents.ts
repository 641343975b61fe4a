import { readFileSync } from 'node:fs';
import packageJson from '../../package.json' with { type: 'json' };
import { contextSchemas } from '../../programs/contexts.ts';
import { asyncApi } from '../../schemas/asyncapi.ts';
import { type OpenApiDocument, openApi } from '../../schemas/openapi.ts';
import type { AsyncApi, OpenApi } from './compare.ts';

const FOLDER = new URL('../../docs/contracts/', import.meta.url);

/** The folder of the published documents. */
export const fileOf = (name: 'openapi' | 'asyncapi'): string => new URL(`${name}.json`, FOLDER).pathname;

const TEXTS = new Set(['example', 'examples', 'summary', 'description', 'title']);

/** An answer's problems are its examples, by name. */
const withProblems = (document: OpenApiDocument): OpenApiDocument => {
  for (const { responses } of Object.values(document.paths).flatMap((methods) => Object.values(methods))) {
    for (const { content = {} } of Object.values(responses)) {
      const told = content['application/problem+json'] as { examples?: object; problems?: string[] } | undefined;
      if (told) told.problems = Object.keys(told.examples ?? {});
    }
  }
  return document;
};

/** Returns a document without its texts. */
const bare = (value: unknown, isMap = false): unknown => {
  if (Array.isArray(value)) return value.map((one) => bare(one));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => isMap || !TEXTS.has(key))
      .map(([key, one]) => [key, bare(one, key === 'properties' || key === 'schemas' || key === 'messages')]),
  );
};

export const currentOpenApi = (): OpenApi =>
  bare(withProblems(JSON.parse(JSON.stringify(openApi(contextSchemas, packageJson.version))))) as OpenApi;
export const currentAsyncApi = (): AsyncApi =>
  bare(JSON.parse(JSON.stringify(asyncApi(contextSchemas, packageJson.version)))) as AsyncApi;

export const promised = <Document>(name: 'openapi' | 'asyncapi'): Document =>
  JSON.parse(readFileSync(fileOf(name), 'utf8')) as Document;

/** Formats JSON with a line for each operation and each component, so that a change is a line in a diff. */
export const lines = (document: object): string => {
  const member = ([key, value]: [string, unknown], depth: number): string => {
    const isOpen = depth < 3 && typeof value === 'object' && value !== null && !Array.isArray(value);
    const text = isOpen ? block(value, depth + 1) : JSON.stringify(value);
    return `${' '.repeat(depth)}${JSON.stringify(key)}:${text}`;
  };
  const block = (value: object, depth: number): string =>
    `{\n${Object.entries(value)
      .map((entry) => member(entry, depth))
      .join(',\n')}\n${' '.repeat(depth - 1)}}`;
  return `${block(document, 1)}\n`;
};
