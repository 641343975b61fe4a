import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { join, matchesGlob, relative } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** This process's environment without what `npm test` and vitest put there: a build knows neither. */
const outerEnv = () =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) =>
        !/^(npm_(?!config_(registry|cache|cafile|\w*proxy)$)|NODE_|VITEST|INIT_CWD)/i.test(name) ||
        name === 'NODE_EXTRA_CA_CERTS',
    ),
  );

/** Installs what package-lock.json names, without scripts. */
const COMPLETE_INSTALLATION = 'npm ci --ignore-scripts --no-audit --no-fund';

type Instruction = { name: string; rest: string };

/** The instructions of a Dockerfile that uses no line continuations. */
const parseDockerfile = (text: string): Instruction[] =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const [name = '', ...rest] = line.split(' ');
      return { name, rest: rest.join(' ') };
    });

/**
 * Whether .dockerignore keeps a path out of the build: the last pattern that matches it or a folder above it decides.
 */
const ignoredBy = (dockerignore: string) => {
  const patterns = dockerignore.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return (path: string): boolean => {
    const parts = path.split('/');
    const selfAndAbove = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
    const last = patterns.findLast((pattern) =>
      selfAndAbove.some((candidate) => matchesGlob(candidate, pattern.replace(/^!/, ''))),
    );
    return last !== undefined && !last.startsWith('!');
  };
};

/** Whether something that is not ignored is below a folder that is. */
const leadsTo = (dockerignore: string, path: string): boolean =>
  dockerignore.split('\n').some((line) => line.startsWith(`!${path}/`));

export type Image = {
  /** The working directory, as a folder of this machine. */
  folder: string;
  env: Record<string, string>;
  user: string;
  command: string[];
};

/**
 * Does what `docker build` does with deploy/Dockerfile, without Docker: the same commands and copies, in an empty
 * folder for each stage. What a base image holds is this machine's. The stage that builds the page uses the packages
 * installed here, which are those of the same package-lock.json.
 * @param root the build's context
 * @param into an empty folder
 */
export const buildImage = async (root: string, into: string): Promise<Image> => {
  const dockerignore = await readFile(join(root, '.dockerignore'), 'utf8');
  const isIgnored = ignoredBy(dockerignore);
  const stages = new Map<string, string>();
  const stage = { root: '', workdir: '/', env: {} as Record<string, string>, user: 'root', command: [] as string[] };
  const here = (path: string) => join(stage.root, path.startsWith('/') ? path : join(stage.workdir, path));

  const steps: Record<string, (rest: string) => Promise<unknown> | unknown> = {
    FROM(rest) {
      const name = / AS (\S+)$/.exec(rest)?.[1] ?? 'final';
      Object.assign(stage, { root: join(into, name), workdir: '/', env: {}, user: 'root' });
      stages.set(name, stage.root);
      return mkdir(stage.root);
    },
    WORKDIR(rest) {
      stage.workdir = rest;
      return mkdir(here('.'), { recursive: true });
    },
    ENV(rest) {
      for (const pair of rest.split(' '))
        stage.env[pair.slice(0, pair.indexOf('='))] = pair.slice(pair.indexOf('=') + 1);
    },
    async COPY(rest) {
      const words = rest.split(' ');
      const from = words[0]?.startsWith('--from=')
        ? stages.get(words.shift()?.slice('--from='.length) ?? '')
        : undefined;
      const to = words.pop() ?? '';
      for (const source of words) {
        if (from) await cp(join(from, source), here(to), { recursive: true, verbatimSymlinks: true });
        else {
          await cp(join(root, source), source === '.' ? here(to) : here(join(to, source)), {
            recursive: true,
            filter(path) {
              const name = relative(root, path);
              return name === '' || !isIgnored(name) || leadsTo(dockerignore, name);
            },
          });
        }
      }
    },
    RUN(rest) {
      // `npm ci` has installed these packages here already; a second time takes half a minute.
      if (rest === COMPLETE_INSTALLATION) return symlink(join(root, 'node_modules'), here('node_modules'));
      return run('sh', ['-c', rest], { cwd: here('.'), env: { ...outerEnv(), ...stage.env } });
    },
    USER(rest) {
      stage.user = rest;
    },
    EXPOSE() {},
    CMD(rest) {
      stage.command = JSON.parse(rest);
    },
  };

  for (const { name, rest } of parseDockerfile(await readFile(join(root, 'deploy/Dockerfile'), 'utf8'))) {
    const step = steps[name];
    if (!step) throw new Error(`deploy/Dockerfile: ${name} is not known here`);
    await step(rest);
  }
  return { folder: here('.'), env: stage.env, user: stage.user, command: stage.command };
};
