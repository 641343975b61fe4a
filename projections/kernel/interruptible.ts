import type { Db } from 'mongodb';

/** Called before each command of a database; commands wait for what it returns, and fail if that fails. */
export type Gate = (command: string, args: readonly unknown[]) => Promise<void>;

const BUILDERS = new Set([
  'collection',
  'find',
  'sort',
  'limit',
  'project',
  'aggregate',
  'listCollections',
  'batchSize',
]);

const guarded = <Target extends object>(target: Target, path: string, gate: Gate): Target =>
  new Proxy(target, {
    get(_, key) {
      const value = Reflect.get(target, key, target);
      if (typeof value !== 'function' || typeof key === 'symbol') return value;
      const name = key === 'collection' ? '' : `${path}${key}`;
      return (...args: unknown[]) => {
        const call = () => Reflect.apply(value, target, args);
        if (BUILDERS.has(key)) return guarded(call(), key === 'collection' ? `${args[0]}.` : path, gate);
        return gate(name, args).then(call);
      };
    },
  });

/**
 * Wraps a database for a test that pauses or kills a process between two commands. While the gate waits, none of the
 * process's commands reaches the store, its signs of life included; once it fails, none ever does.
 */
export const interruptible = (db: Db, gate: Gate): Db => guarded(db, '', gate);
