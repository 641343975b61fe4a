import { isMainThread } from 'node:worker_threads';

/**
 * Ends a program when the process that started it ends, however it ends: the pipe to its standard input closes. Threads
 * of the program load this file too; their standard input is no pipe.
 */
if (isMainThread)
  process.stdin
    .on('close', () => process.exit(1))
    .unref()
    .resume();
