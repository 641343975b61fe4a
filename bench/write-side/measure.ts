import { closedLoop } from '../pipeline/load.ts';
import { cpuSeconds } from '../processes.ts';

/** The results of a run. */
export type Figures = {
  /** Accepted commands a second: each is one durable event. */
  accepted: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  /** Answers other than 201. */
  others: number;
  /** Microseconds of CPU for each accepted command: the server's, and the embedded stores'. */
  serverCpu: number;
  storesCpu: number;
};

/** The processes whose CPU is measured. */
export type Processes = { server: number; stores: number | undefined };

/** The first seconds warm up code and caches. */
export const WARM_UP_SECONDS = 4;

/** Reserves spots over these lots from 64 keep-alive connections. */
export const measure = async (
  url: string,
  lots: readonly string[],
  seconds: number,
  { server, stores }: Processes,
): Promise<Figures> => {
  const used = () => [cpuSeconds(server), cpuSeconds(stores)] as const;
  const before = used();
  const { accepted, others, p50, p99, seconds: took } = await closedLoop(url, lots, seconds);
  const [serverCpu, storesCpu] = used().map((seconds, index) => ((seconds - before[index]!) / accepted) * 1e6);
  return {
    accepted: accepted / took,
    p50,
    p99,
    others,
    serverCpu: serverCpu!,
    storesCpu: storesCpu!,
  };
};

/** The middle of each figure. */
export const medians = (runs: readonly Figures[]): Figures => {
  const middle = (figure: keyof Figures) =>
    runs.map((run) => run[figure]).sort((a, b) => a - b)[Math.floor(runs.length / 2)]!;
  const [accepted, p50, p99] = [middle('accepted'), middle('p50'), middle('p99')];
  const [others, serverCpu, storesCpu] = [middle('others'), middle('serverCpu'), middle('storesCpu')];
  return { accepted, p50, p99, others, serverCpu, storesCpu };
};

/** A row of a Markdown table. */
export const row = (name: string, { accepted, p50, p99, others, serverCpu, storesCpu }: Figures): string => {
  const [rate, server, stores] = [accepted, serverCpu, storesCpu].map((value) =>
    Math.round(value).toLocaleString('en'),
  );
  return `| ${name} | ${rate} | ${p50} | ${p99} | ${others} | ${server} | ${stores} |`;
};

export const HEAD =
  '| server | accepted/s | p50 ms | p99 ms | other answers | server, CPU µs | stores, CPU µs |\n|---|---:|---:|---:|---:|---:|---:|';
