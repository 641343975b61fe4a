import type { Process, World } from './world.ts';

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

export const CALM: Weather = { lost: 0, answerLost: 0, late: 0, slow: 0 };

/** The network between the processes and the stores. */
export type Network = {
  weather: Weather;
  /** Returns the milliseconds of one way. */
  way(): number;
  /**
   * Sends a request of a process.
   * @param execute what the receiver does, at the moment when the request arrives
   * @param failure the error that the sender gets when no answer comes
   */
  call<Answer>(process: Process, what: string, execute: () => Answer, failure: () => Error): Promise<Answer>;
};

const FAST = 1.5;
const SLOW = 900;
const LATE = 2_500;

export const createNetwork = (world: World): Network => {
  const { random } = world;
  const network: Network = {
    weather: CALM,
    way: () => 0.05 + random.next() * (random.chance(network.weather.slow) ? SLOW : FAST),
    call: (process, what, execute, failure) =>
      new Promise((resolve, reject) => {
        const { lost, answerLost, late } = network.weather;
        const fate = random.next();
        const fail = (milliseconds: number) =>
          world.after(milliseconds, `${what} fails`, () => reject(failure()), process);
        if (fate < lost) return void fail(network.way());
        const isLate = fate < lost + late;
        if (isLate) fail(network.way());
        const arrives = isLate ? random.next() * LATE : network.way();
        world.after(arrives, `${process.name} → ${what}`, () => {
          let answer: () => void;
          try {
            const result = execute();
            answer = () => resolve(result);
          } catch (error) {
            answer = () => reject(error);
          }
          if (isLate) return;
          if (random.chance(answerLost)) fail(network.way());
          else world.after(network.way(), `${what} answered`, answer, process);
        });
      }),
  };
  return network;
};
