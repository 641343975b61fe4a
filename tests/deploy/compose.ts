import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';

export const ROOT = resolve(import.meta.dirname, '../..');

export type Service = {
  image: string;
  build?: { context: string; dockerfile: string };
  command?: readonly string[];
  /** Null for what is passed on as it is set outside. */
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

/** `${NAME:-default}`, the only form in use. */
const interpolate = (text: string, env: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\$\{(\w+):-([^}]*)\}/g, (_, name: string, otherwise: string) => env[name] || otherwise);

/** docker-compose.yml as Compose understands it. @param env what `${NAME:-default}` is taken from */
export const readCompose = (env: Readonly<Record<string, string>> = {}): Compose => {
  const text = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
  const written: Compose = parse(text, { merge: true });
  return JSON.parse(JSON.stringify(written), (_, value) =>
    typeof value === 'string' ? interpolate(value, env) : value,
  );
};

/** The services that run Plaza's own code. */
export const sidesOf = ({ services }: Compose): [name: string, side: Service][] =>
  Object.entries(services).filter(([, { build }]) => build !== undefined);
