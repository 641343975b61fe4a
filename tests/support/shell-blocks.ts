import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = new URL('../../', import.meta.url).pathname;

/** A block of shell in a document. */
export type ShellBlock = { file: string; script: string };

/** Returns every block of shell of the README, the guides and the walk-throughs. */
export const shellBlocks = (): ShellBlock[] =>
  globSync(['*.md', 'docs/**/*.md', '{deploy,embedded,platform,tests}/**/*.md'], { cwd: ROOT })
    .filter((file) => !/^docs\/decisions\/|^CHANGELOG/.test(file))
    .sort()
    .flatMap((file) =>
      [...readFileSync(join(ROOT, file), 'utf8').matchAll(/^( *)```(?:sh|bash)\n(.*?)^ *```/gms)].map(
        ([, indent = '', script = '']) => ({ file, script: script.replaceAll(new RegExp(`^${indent}`, 'gm'), '') }),
      ),
    );

/**
 * `curl` as the documents use it, towards another port. It ends the script when the answer is not as expected: the
 * status and the text that the line's comment says, else any success. A query is repeated until then, as its reader
 * would: views follow a moment later.
 */
const CURL = `
curl() {
  repeats=200
  for word in "$@"; do case $word in -X|-d) repeats=0 ;; esac; done
  while :; do
    answer=$(command curl --silent --connect-to "localhost:8088:127.0.0.1:$DOCUMENTED_PORT" --write-out '\\n%{http_code}' "$@")
    status=$(printf '%s' "$answer" | tail -n 1)
    case $status in $STATUS) case $answer in *"$TEXT"*) break ;; esac ;; esac
    if [ $repeats -le 0 ]; then
      printf 'curl %s answers %s where %s %s is expected\\n%s\\n' "$*" "$status" "$STATUS" "$TEXT" "$answer" >&2
      exit 1
    fi
    repeats=$((repeats - 1))
    sleep 0.1
  done
  printf '%s\\n' "$answer" | sed '$ d'
}
`;

/** Returns what the comment of a line says of its answer: \`# 409 lot-full\`, \`# "free": 4\`, else a success. */
const expectedBy = (line: string): { STATUS: string; TEXT: string } => {
  const [, comment = ''] = /\s#\s(.*)$/.exec(line) ?? [];
  const [, status, name] = /^([1-5]\d\d)(?: ([a-z-]+))?$/.exec(comment) ?? [];
  if (status) return { STATUS: status, TEXT: name ? `/problems/${name}"` : '' };
  return { STATUS: '2??', TEXT: /^"\w+": \S/.test(comment) ? comment.replace(': ', ':') : '' };
};

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Returns a script with what each answer must be. */
export const withExpectations = (script: string): string =>
  ['STATUS="2??" TEXT=', ...script.split('\n')]
    .map((line) => {
      if (!line.startsWith('curl ')) return line;
      const { STATUS, TEXT } = expectedBy(line);
      return `STATUS=${quoted(STATUS)} TEXT=${quoted(TEXT)}\n${line}\nSTATUS='2??' TEXT=`;
    })
    .join('\n')
    // An expectation cannot stand between the lines of one command.
    .replaceAll(/\\\nSTATUS=[^\n]*\n/g, '\\\n');

/**
 * Runs a block as it is written.
 * @param url of the Plaza that listens on port 8088 in the document
 * @param cwd where files that the block names are written
 * @returns its output @throws Error when a command fails, or an answer is not as the comment says
 */
export const runBlock = async (
  { script }: ShellBlock,
  { url, cwd, env = {} }: { url: string; cwd: string; env?: Record<string, string> },
): Promise<string> => {
  const text = `set -e\n${CURL}\n${withExpectations(script)}`;
  const { stdout } = await promisify(execFile)('sh', ['-c', text], {
    cwd,
    env: { ...process.env, ...env, DOCUMENTED_PORT: new URL(url).port },
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
};
