import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';

export const ROOT = resolve(import.meta.dirname, '../..');

export type Service = {
  image: string;
  build?: { context: string; dockerfile: string };
  command?: readonly string[];
  /** Null: passed on from the environment. */
  environment?: Readonly<Record<string, string | null>>;
  ports?: readonly string[];
  volumes?: readonly string[];
  networks: readonly string[];
  depends_on?: Readonly<Record<string, { condition: string }>>;
  healthcheck?: { test: readonly string[]; timeout?: string };
  init?: boolean;
  restart?: string;
  user?: string;
  read_only?: boolean;
};

export type Compose = {
  services: Readonly<Record<string, Service>>;
  networks: Readonly<Record<string, { internal?: boolean } | null>>;
  volumes: Readonly<Record<string, null>>;
};

/** Replaces `${NAME:-default}` and `${NAME:?message}`, the two forms in use. @throws Error with the message */
const interpolate = (text: string, env: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\$\{(\w+):([-?])([^}]*)\}/g, (_, name: string, form: string, otherwise: string) => {
    if (env[name]) return env[name];
    if (form === '?') throw new Error(`required variable ${name} is missing a value: ${otherwise}`);
    return otherwise;
  });

/** Reads docker-compose.yml as Compose does. @param env the variables that it takes values from */
export const readCompose = (env: Readonly<Record<string, string>> = { AUTH: 'off' }): Compose => {
  const text = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
  const written: Compose = parse(text, { merge: true });
  return JSON.parse(JSON.stringify(written), (_, value) =>
    typeof value === 'string' ? interpolate(value, env) : value,
  );
};

/** The services that run Plaza's own code. */
export const sidesOf = ({ services }: Compose): [name: string, side: Service][] =>
  Object.entries(services).filter(([, { build }]) => build !== undefined);
