import { type Static, Type } from 'typebox';
import type { Position, Revision, StoredEvent, WrittenEvent } from '../../platform/event-store/types.ts';
import { valueChecker } from '../../platform/http/validation.ts';

/** The source of exported events (CloudEvents 1.0): with it an event's id is unique. */
const SOURCE = '/plaza';

/**
 * An event in the JSON format of CloudEvents 1.0. `subject` is its stream. The extension attributes `revision`,
 * `position` and `metadata` hold the rest as texts, because CloudEvents has no 64-bit numbers and no nested attributes.
 */
const CloudEvent = Type.Object(
  {
    specversion: Type.Literal('1.0'),
    id: Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' }),
    source: Type.Literal(SOURCE),
    type: Type.String({ minLength: 1 }),
    subject: Type.String({ minLength: 1 }),
    time: Type.Optional(Type.String()),
    datacontenttype: Type.Literal('application/json'),
    data: Type.Unknown(),
    revision: Type.String({ pattern: '^[0-9]{1,19}$' }),
    position: Type.String({ pattern: '^[0-9]{1,20}/[0-9]{1,20}$' }),
    metadata: Type.String(),
  },
  { additionalProperties: false },
);

const errorOf = valueChecker(CloudEvent);

export type ExportedEvent = { stream: string; revision: Revision; position: Position; written: WrittenEvent };

export const toLine = (event: StoredEvent): string =>
  `${JSON.stringify({
    specversion: '1.0',
    id: event.id,
    source: SOURCE,
    type: event.type,
    subject: event.stream,
    ...(event.metadata.time === undefined ? {} : { time: event.metadata.time }),
    datacontenttype: 'application/json',
    revision: event.revision.toString(),
    position: `${event.position.commit}/${event.position.prepare}`,
    metadata: JSON.stringify(event.metadata),
    data: event.data,
  })}\n`;

/**
 * Reads a line of an export.
 * @throws Error with the reason when it is not an event of an export
 */
export const fromLine = (line: string): ExportedEvent => {
  const event: unknown = JSON.parse(line);
  const wrong = errorOf(event);
  if (wrong) throw new Error(`not an event of an export: ${wrong}`);
  const { id, type, subject, data, revision, position, metadata } = event as Static<typeof CloudEvent>;
  const [commit, prepare] = position.split('/');
  return {
    stream: subject,
    revision: BigInt(revision) as Revision,
    position: { commit: BigInt(commit!), prepare: BigInt(prepare!) },
    written: { id, type, data: JSON.stringify(data), metadata },
  };
};
