import { test } from 'vitest';
import { crashDocuments } from './crash-documents.ts';
import { crashEventStore } from './crash-event-store.ts';

test('the embedded event store, killed under load, loses and doubles no acknowledged event', () =>
  crashEventStore(3, 1));

test('the embedded MongoDB, killed under load, loses, splits and doubles no acknowledged write', () =>
  crashDocuments(3, 1));
