import type { Process } from './scheduler.ts';
import type { World } from './world.ts';

/** How often the network fails, as probabilities of one request. */
export type Weather = {
  /** The request never arrives. */
  lost: number;
  /** The request arrives, and its answer does not. */
  answerLost: number;
  /** The request arrives after its sender has learned that it failed. */
  late: number;
  /** The request or its answer takes long. */
  slow: number;
};

const CALM: Weather = { lost: 0, answerLost: 0, late: 0, slow: 0 };

/** The network between the processes and the stores. */
export type Network = {
  weather: Weather;
  /** Returns the milliseconds of one way to or from a process. */
  way(process?: Process): number;
  /** Makes the connection of a process slow for some milliseconds: most of its messages then overtake each other. */
  slowDown(process: Process, milliseconds: number): void;
  /** Ends all failures and slowness. */
  calm(): void;
  /**
   * Sends a request of a process.
   * @param execute what the receiver does, at the moment when the request arrives
   * @param failure the error that the sender gets when no answer comes
   */
  call<Answer>(process: Process, what: string, execute: () => Answer, failure: () => Error): Promise<Answer>;
};

const LEAST = 0.05;
const FAST = 1.5;
const SLOW = 900;
const LATE = 2_500;
/** The share of slow messages while a connection is slow. */
const SLOW_SHARE = 0.7;

export const createNetwork = (world: World): Network => {
  const { random } = world;
  const slowUntil = new Map<Process, number>();
  const isSlow = (process: Process | undefined): boolean =>
    process !== undefined && (slowUntil.get(process) ?? 0) > world.time && random.chance(SLOW_SHARE);
  const network: Network = {
    weather: CALM,
    way: (process) => LEAST + random.next() * (isSlow(process) || random.chance(network.weather.slow) ? SLOW : FAST),
    slowDown(process, milliseconds) {
      world.note(`the connection of ${process.name} is slow for ${milliseconds.toFixed()} ms`);
      slowUntil.set(process, world.time + milliseconds);
    },
    calm() {
      network.weather = CALM;
      slowUntil.clear();
    },
    call: (process, what, execute, failure) =>
      new Promise((resolve, reject) => {
        const { lost, answerLost, late } = network.weather;
        const fate = random.next();
        const fail = (milliseconds: number) =>
          world.after(milliseconds, `${what} fails`, () => reject(failure()), process);
        if (fate < lost) return void fail(network.way(process));
        const isLate = fate < lost + late;
        if (isLate) fail(network.way(process));
        const arrives = isLate ? random.next() * LATE : network.way(process);
        world.after(arrives, `${process.name} → ${what}`, () => {
          let answer: () => void;
          try {
            const result = execute();
            answer = () => resolve(result);
          } catch (error) {
            answer = () => reject(error);
          }
          if (isLate) return;
          if (random.chance(answerLost)) fail(network.way(process));
          else world.after(network.way(process), `${what} answered`, answer, process);
        });
      }),
  };
  return network;
};
