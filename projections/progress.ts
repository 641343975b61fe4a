import { machine } from '../platform/machine/machine.ts';
import { type BuildProgress, shareOf } from './kernel/build.ts';

/** Shows the progress: a terminal, or a stream of lines. */
export type Output = { isTTY?: boolean; columns?: number; write(text: string): unknown };

const BAR = 24;
const SHOW_EVERY_TERMINAL = 100;
const SHOW_EVERY_LINES = 1000;

/**
 * Shows the progress of a replay or transfer: in a terminal one line that is drawn again, otherwise a line of JSON
 * every second. Positions give the share that is done, and the rate so far gives the time left.
 */
export const showProgress = (output: Output, label: string, now: () => number = () => machine.elapsed()) => {
  const began = now();
  let shownAt = Number.NEGATIVE_INFINITY;
  const show = (progress: BuildProgress) => {
    const { events, share, perSecond, secondsLeft } = measure(progress, (now() - began) / 1000);
    if (!output.isTTY) {
      output.write(
        `${JSON.stringify({ task: label, events, percent: Math.floor(share * 100), perSecond, secondsLeft })}\n`,
      );
      return;
    }
    const filled = Math.round(share * BAR);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}`;
    const line = `${label} ${bar} ${Math.floor(share * 100)}%  ${events} events  ${perSecond}/s  ${secondsLeft} s left`;
    output.write(`\r\x1b[2K${line.slice(0, (output.columns ?? 80) - 1)}`);
  };
  return {
    update(progress: BuildProgress): void {
      if (now() - shownAt < (output.isTTY ? SHOW_EVERY_TERMINAL : SHOW_EVERY_LINES)) return;
      shownAt = now();
      show(progress);
    },
    /** Ends the line. */
    end(): void {
      if (output.isTTY) output.write('\n');
    },
  };
};

const measure = ({ events, ...progress }: BuildProgress, seconds: number) => {
  const share = shareOf(progress);
  const left = share > 0 ? (seconds * (1 - share)) / share : 0;
  return { events, share, perSecond: Math.round(events / Math.max(seconds, 0.001)), secondsLeft: Math.ceil(left) };
};
