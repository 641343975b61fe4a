import { AccessDeniedError, StreamDeletedError, StreamNotFoundError, UnavailableError } from '@eventstore/db-client';
import { expect, it } from 'vitest';
import type { EventStoreClient } from './client.ts';
import { streams } from './streams.ts';
import { StoreUnavailableError } from './types.ts';

/** Returns a client whose server has this metadata for every stream. */
const clientOf = (metadata: object | Error) =>
  ({
    async *readStream(stream: string) {
      expect(stream).toBe('$$counter-1');
      if (metadata instanceof Error) throw metadata;
      yield { event: { data: metadata } };
    },
  }) as unknown as EventStoreClient;

it.each<[name: string, metadata: object | Error, isCut: boolean]>([
  ['was deleted', JSON.parse('{"$tb":9223372036854775807}'), true],
  ['was deleted for ever', StreamDeletedError.fromStreamName('counter-1'), true],
  ['is truncated before a revision', { $tb: 5 }, true],
  ['keeps a number of events', { $maxCount: 3 }, true],
  ['keeps events for some seconds', { $maxAge: 3_600 }, true],
  ['has other metadata', { $acl: { $r: 'ops' } }, false],
  ['has no metadata', new StreamNotFoundError(undefined as never, '$$counter-1'), false],
  ['has metadata that only others may read', new AccessDeniedError(undefined as never), false],
])('a stream that %s is cut, or not', async (_name, metadata, isCut) => {
  expect(await streams(clientOf(metadata)).isCut('counter-1')).toBe(isCut);
});

it('does not guess whether a stream is cut while the store does not answer', async () => {
  const { isCut } = streams(clientOf(new UnavailableError(undefined as never)));
  await expect(isCut('counter-1')).rejects.toThrow(StoreUnavailableError);
});
