import { Observable } from 'rxjs';
import { machine } from './machine.ts';

/**
 * Counts at regular times, like rxjs's `timer`, with the machine's timers.
 * @param options.first milliseconds until the first time
 * @param options.ref whether it keeps the process running
 */
export const ticks = (every: number, { first = every, ref = true } = {}): Observable<number> =>
  new Observable((subscriber) => {
    let count = 0;
    const tick = () => {
      timer = machine.setTimer(tick, every, { ref });
      subscriber.next(count++);
    };
    let timer = machine.setTimer(tick, first, { ref });
    return () => machine.clearTimer(timer);
  });
