import { hash } from 'node:crypto';
import type { EventMetadata } from '../../platform/event-store/types.ts';
import type { Outcome } from './request.ts';

/** The number of commands that a stream remembers. A repeat after that many others is a new command. */
export const REMEMBERED_COMMANDS = 2_000;

/** The latest commands of a stream: command id → revision of its first event. */
export type RecentCommands = {
  find(commandId: string): bigint | undefined;
  /**
   * Remembers a repeatable command, which is one with a fingerprint, and forgets the oldest. A known command keeps its
   * revision.
   */
  add(command: Pick<EventMetadata, 'commandId' | 'fingerprint'>, revision: bigint): void;
  /** Forgets a command that did not write at this revision. */
  forget(commandId: string, revision: bigint): void;
  size(): number;
  /** Returns the form that a snapshot stores. */
  save(): [key: string, revision: string][];
};

const LONG = 48;

/**
 * Long ids are kept as 72 bits of a hash. A collision only costs a read of the stream, whose events have the full id.
 */
const keyOf = (commandId: string): string =>
  commandId.length < LONG ? commandId : hash('sha256', commandId, 'base64url').slice(0, 12);

/** @param saved what {@link RecentCommands.save} returned */
export const recentCommands = (saved: readonly [key: string, revision: string][] = []): RecentCommands => {
  const revisions = new Map<string, bigint>(saved.map(([key, revision]) => [key, BigInt(revision)]));
  return {
    find: (commandId) => revisions.get(keyOf(commandId)),
    add({ commandId, fingerprint }, revision) {
      if (fingerprint === '') return;
      const key = keyOf(commandId);
      if (revisions.has(key)) return;
      revisions.set(key, revision);
      if (revisions.size > REMEMBERED_COMMANDS) revisions.delete(revisions.keys().next().value as string);
    },
    forget(commandId, revision) {
      const key = keyOf(commandId);
      if (revisions.get(key) === revision) revisions.delete(key);
    },
    size: () => revisions.size,
    save: () => [...revisions].map(([key, revision]) => [key, revision.toString()]),
  };
};

/** The answers to a stream's latest commands that changed nothing: no event records them. */
export type UnchangedAnswers = {
  /** Returns the first answer, `key-reused` when the id was another command's, or undefined for a new command. */
  find(command: Pick<EventMetadata, 'commandId' | 'fingerprint'>): Outcome | undefined;
  /** Remembers the answer to a repeatable command that changed nothing, and forgets the oldest. */
  add(command: Pick<EventMetadata, 'commandId' | 'fingerprint'>, outcome: Outcome): void;
  size(): number;
};

export const unchangedAnswers = (): UnchangedAnswers => {
  const answers = new Map<string, { fingerprint: string; outcome: Outcome }>();
  return {
    find({ commandId, fingerprint }) {
      const known = answers.get(commandId);
      return known && (known.fingerprint === fingerprint ? known.outcome : { kind: 'key-reused' });
    },
    add({ commandId, fingerprint }, outcome) {
      if (fingerprint === '' || outcome.kind !== 'done' || outcome.events.length > 0) return;
      if (answers.has(commandId)) return;
      answers.set(commandId, { fingerprint, outcome });
      if (answers.size > REMEMBERED_COMMANDS) answers.delete(answers.keys().next().value as string);
    },
    size: () => answers.size,
  };
};
