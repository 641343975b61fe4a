/** `number`: the stream's last event has this revision. */
export type ExpectedRevision = number | 'any' | 'no_stream';

export type NewEvent = {
  /** 16 bytes as lower-case hex */
  id: string;
  type: string;
  isJson: boolean;
  data: Uint8Array;
  metadata: Uint8Array;
};

export type StoredEvent = NewEvent & {
  /** Grows with every event of the whole log by the event's size: it is not a count. */
  position: number;
  streamName: string;
  revision: number;
  /** milliseconds since 1970 */
  created: number;
};

export type WriteOutcome =
  /** No position: a repetition of an event that can no longer be read. */
  | { kind: 'written'; revision: number; position: number | undefined }
  | { kind: 'wrong-expected-revision'; current: number };

export type StreamPage = { events: StoredEvent[]; next: number | undefined };
