import { hash } from 'node:crypto';
import type { EventMetadata } from '../../platform/event-store/types.ts';
import type { Outcome, Tried } from './request.ts';

/** The number of commands that a stream remembers. A repeat after that many others is a new command. */
export const REMEMBERED_COMMANDS = 2_000;

type Command = Pick<EventMetadata, 'commandId' | 'fingerprint'>;

const LONG = 48;

/**
 * Long ids are kept as 72 bits of a hash. A collision only costs a read of the stream, whose events have the full id.
 */
const keyOf = (commandId: string): string =>
  commandId.length < LONG ? commandId : hash('sha256', commandId, 'base64url').slice(0, 12);

/**
 * The latest commands of a stream: command id → revision of its first event.
 * @param saved what `save` returned
 */
export const recentCommands = (saved: readonly [key: string, revision: string][] = []) => {
  const revisions = new Map<string, bigint>(saved.map(([key, revision]) => [key, BigInt(revision)]));
  return {
    find: (commandId: string): bigint | undefined => revisions.get(keyOf(commandId)),
    /**
     * Remembers a repeatable command, which is one with a fingerprint, and forgets the oldest. A known command keeps
     * its revision.
     */
    add({ commandId, fingerprint }: Command, revision: bigint): void {
      if (fingerprint === '') return;
      const key = keyOf(commandId);
      if (revisions.has(key)) return;
      revisions.set(key, revision);
      if (revisions.size > REMEMBERED_COMMANDS) revisions.delete(revisions.keys().next().value as string);
    },
    /** Forgets a command that did not write at this revision. */
    forget(commandId: string, revision: bigint): void {
      const key = keyOf(commandId);
      if (revisions.get(key) === revision) revisions.delete(key);
    },
    size: () => revisions.size,
    /** Returns the form that a snapshot stores. */
    save: () => [...revisions].map(([key, revision]): [key: string, revision: string] => [key, revision.toString()]),
  };
};

export type RecentCommands = ReturnType<typeof recentCommands>;

/** Returns the answer to a repeat of a command with this outcome. */
export const replayed = (outcome: Outcome): Outcome =>
  outcome.kind === 'done' ? { ...outcome, isReplayed: true } : outcome;

/** The answers to a stream's latest commands that changed nothing: no event records them. */
export const unchangedAnswers = () => {
  const answers = new Map<string, { fingerprint: string; outcome: Outcome }>();
  return {
    /** Returns the first answer, `key-reused` when the id was another command's, or undefined for a new command. */
    find({ commandId, fingerprint }: Command): Outcome | undefined {
      const known = answers.get(commandId);
      return known && (known.fingerprint === fingerprint ? replayed(known.outcome) : { kind: 'key-reused' });
    },
    /** Remembers the answer to a repeatable command that changed nothing, and forgets the oldest. */
    add({ commandId, fingerprint }: Command, outcome: Outcome | Tried): void {
      if (fingerprint === '' || outcome.kind !== 'done' || outcome.events.length > 0) return;
      if (answers.has(commandId)) return;
      answers.set(commandId, { fingerprint, outcome });
      if (answers.size > REMEMBERED_COMMANDS) answers.delete(answers.keys().next().value as string);
    },
    size: () => answers.size,
  };
};

export type UnchangedAnswers = ReturnType<typeof unchangedAnswers>;
