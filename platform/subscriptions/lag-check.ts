import type { Db } from 'mongodb';
import { type ReadStatus, readStatuses } from './status.ts';

const isBehind = (
  { state, eventsBehind, secondsBehind, secondsSinceProgress, secondsUnanswered }: ReadStatus,
  limit: number,
): boolean =>
  state === 'stopped' ||
  secondsBehind > limit ||
  secondsUnanswered > limit ||
  (eventsBehind > 0 && secondsSinceProgress > limit);

const lagOf = ({ isReported, eventsBehind, secondsBehind, secondsSinceReport }: ReadStatus): string =>
  isReported
    ? `${eventsBehind} events and ${secondsBehind.toFixed(1)} s behind`
    : `no report for ${secondsSinceReport.toFixed(0)} s`;

const describe = (status: ReadStatus): string =>
  [
    `${status._id}: ${status.state}, ${lagOf(status)}`,
    ...(status.parked > 0 ? [`${status.parked} parked`] : []),
    ...(status.secondsUnanswered > 0 ? [`without an answer for ${status.secondsUnanswered.toFixed(0)} s`] : []),
  ].join(', ');

/**
 * Checks projections and policies for `/readyz?verbose`. Fails when one is stopped, has an event waiting for longer
 * than the limit, has made no progress for as long although events wait, or has retried an unanswered event for as
 * long. The lag is measured against the store's tail.
 * @param group `projections` or `policies`; both without it
 * @param limit seconds
 * @returns the state of each consumer, or of those that fail
 * @throws the driver's error when MongoDB does not answer
 */
export const lagCheck =
  (db: Db, limit: number, group?: string) => async (): Promise<{ ok: boolean; detail: string }> => {
    const consumers = (await readStatuses(db)).filter((status) =>
      group === undefined ? status.group !== 'rebuilds' : status.group === group,
    );
    const behind = consumers.filter((status) => isBehind(status, limit));
    const ok = behind.length === 0;
    return { ok, detail: (ok ? consumers : behind).map(describe).join('; ') };
  };
