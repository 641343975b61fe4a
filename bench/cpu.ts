import { readFileSync } from 'node:fs';

const TICKS_A_SECOND = 100;

/** Seconds of CPU that a process has used so far (proc(5): utime and stime); NaN where there is no /proc. */
export const cpuSeconds = (pid: number | undefined): number => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
  } catch {
    return Number.NaN;
  }
};
