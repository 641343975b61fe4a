import type { Reporter, TestModule } from 'vitest/node';

const SHOWN = 10;

/** The kinds of test files by their names: `kill.process.test.ts` starts processes. */
const KINDS: Readonly<Record<string, string>> = {
  test: 'modules alone',
  stores: 'stores and Plaza in process',
  process: 'processes',
  browser: 'a browser',
};

const kindOf = (name: string): string => KINDS[/\.(stores|process|browser)\.test\.ts$/.exec(name)?.[1] ?? 'test']!;

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1).padStart(7)} s`;

/** Prints the CPU of a run by the kind of its files, and its ten dearest files, so that the run stays fast. */
export default class CpuReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    if (modules.length < SHOWN) return;
    const files = modules.map((module) => ({
      name: module.relativeModuleId,
      cpu: module.meta().cpu ?? 0,
      wall: module.diagnostic().duration,
    }));
    const { user, system } = process.cpuUsage();
    const own = (user + system) / 1000;
    const total = files.reduce((sum, { cpu }) => sum + cpu, own);
    console.log(`\n CPU ${seconds(total)}`);
    for (const [kind, those] of Map.groupBy(files, ({ name }) => kindOf(name)))
      console.log(`     ${seconds(those.reduce((sum, { cpu }) => sum + cpu, 0))}  ${kind}, ${those.length} files`);
    console.log(`     ${seconds(own)}  vitest itself\n\n   CPU        duration   dearest files`);
    const dearest = files.toSorted((one, other) => other.cpu - one.cpu).slice(0, SHOWN);
    for (const { name, cpu, wall } of dearest) console.log(`${seconds(cpu)} ${seconds(wall)}   ${name}`);
  }
}
