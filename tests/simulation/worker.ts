import { parentPort, workerData } from 'node:worker_threads';
import { bugNamed, plant } from './planted/plant.ts';

/* A thread that runs worlds, one after the other: all parts of Plaza in a thread share one simulated machine. */

const { bug } = workerData as { bug?: string };
if (bug !== undefined) plant(bugNamed(bug));
// A stack costs more than the refusal whose error has it.
Error.stackTraceLimit = 0;
const { runWorld } = await import('./run-world.ts');
parentPort!.on('message', async (world) => parentPort!.postMessage(await runWorld(world)));
