import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as gatewayApi from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';
import * as apps from 'kubernetes-models/apps/v1';
import * as autoscaling from 'kubernetes-models/autoscaling/v2';
import * as networking from 'kubernetes-models/networking.k8s.io/v1';
import * as policy from 'kubernetes-models/policy/v1';
import * as core from 'kubernetes-models/v1';
import { parseAllDocuments } from 'yaml';

export type Resource = {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  // biome-ignore lint/suspicious/noExplicitAny: the schemas check its contents
  spec: any;
};

const models: Readonly<Record<string, object>> = {
  v1: core,
  'apps/v1': apps,
  'autoscaling/v2': autoscaling,
  'policy/v1': policy,
  'networking.k8s.io/v1': networking,
  'gateway.networking.k8s.io/v1': gatewayApi,
};

/** Every resource in a folder's YAML files but the kustomization. */
export const readResources = (folder: string): Resource[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml')
    .flatMap((name) => parseAllDocuments(readFileSync(join(folder, name), 'utf8')).map((document) => document.toJS()));

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/**
 * The fields that no schema asked for: Kubernetes' published schemas let unknown fields pass, and so a misspelt one.
 * Each schema looks at every field that it knows, so a field that was never looked at is unknown.
 */
const watched = (value: unknown, path: string, unread: Set<string>): unknown => {
  if (!isObject(value)) return value;
  const copy: Record<string, unknown> = Array.isArray(value) ? ([] as unknown as Record<string, unknown>) : {};
  for (const [key, inner] of Object.entries(value)) {
    const at = `${path}/${key}`;
    if (!Array.isArray(value)) unread.add(at);
    copy[key] = watched(inner, at, unread);
  }
  return new Proxy(copy, {
    get(target, key) {
      unread.delete(`${path}/${String(key)}`);
      return Reflect.get(target, key);
    },
  });
};

/** Returns the errors of a resource by Kubernetes' schema of its kind. */
export const problemsOf = (resource: Resource): string[] => {
  const { apiVersion, kind } = resource;
  const Model = (models[apiVersion] as Record<string, { prototype: { validate(): void } }> | undefined)?.[kind];
  if (!Model) return [`${apiVersion} ${kind} is no kind`];
  const unread = new Set<string>();
  try {
    Model.prototype.validate.call(watched(resource, '', unread));
  } catch (error) {
    return [(error as Error).message];
  }
  return [...unread].map((path) => `${path} is no field`);
};
