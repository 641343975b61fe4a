import { isMainThread } from 'node:worker_threads';

/**
 * Ends a program when the process that started it ends, however it ends: the pipe to its standard input closes. Threads
 * of the program load this file too; their standard input is no pipe. A signal, because process.exit can wait for
 * a thread for ever.
 */
if (isMainThread)
  process.stdin
    .on('close', () => process.kill(process.pid, 'SIGKILL'))
    .unref()
    .resume();
