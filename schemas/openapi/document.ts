import type { TSchema } from 'typebox';

export type Json = Readonly<Record<string, unknown>>;

/** An operation of an OpenAPI document, as far as Plaza uses it. */
export type Operation = {
  operationId: string;
  summary: string;
  description?: string;
  tags: readonly string[];
  /** OpenAPI 4.8.30: empty requirements mean that no token is needed. */
  security?: readonly Json[];
  /** The access of each role: `all`, or the field that must have the caller's id. */
  'x-access'?: Json;
  /** Optional fields of the body that only one role may leave out, each with the role. */
  'x-optional-for'?: Json;
  parameters: readonly (Parameter | { $ref: string })[];
  requestBody?: { required: boolean; content: Content };
  responses: Readonly<Record<string, Response>>;
};

export type Parameter = {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  description?: string;
  schema: TSchema;
  example?: unknown;
};

export type Content = Readonly<Record<string, { schema: object; example?: unknown; examples?: Json }>>;
export type Response = { description: string; headers?: Json; content?: Content; links?: Json };
