import { Type } from 'typebox';
import type { ContextSchema } from './kernel/context.ts';
import { ControlCenterEvent } from './kernel/control-center.ts';
import { exampleOf } from './kernel/examples.ts';
import { personalEvents } from './kernel/personal.ts';
import { Time } from './kernel/values.ts';
import type { Json } from './openapi/document.ts';

const Metadata = Type.Object({
  $correlationId: Type.String({ description: 'The same for all events that result from one request.' }),
  $causationId: Type.String({ description: 'The command, or the event that a policy reacted to.' }),
  commandId: Type.String(),
  fingerprint: Type.String({ description: "A hash of the command's type and data." }),
  actor: Type.String({ description: "The sender of the command: `anonymous`, the caller's id, or `policy:{name}`." }),
  time: Time,
  schemaVersion: Type.Integer({ minimum: 1, description: "The version of the data's schema." }),
  traceparent: Type.Optional(Type.String({ description: 'W3C trace context.' })),
  personal: Type.Optional(
    Type.Object(
      {
        key: Type.String({ description: 'The name of the key.' }),
        box: Type.String({ description: 'The fields as a JSON object, encrypted with AES-256-GCM, in base64.' }),
      },
      { description: 'The personal fields (`x-personal` of the message), which the data then lacks.' },
    ),
  ),
});

/**
 * Returns the AsyncAPI 3.0 document of the contexts' events, as they are stored and as the control centre streams them.
 * A stored event keeps the version it was written with; the document has the schemas of the current versions.
 */
export const asyncApi = (contexts: readonly ContextSchema[], version: string) => {
  const marked = personalEvents(contexts);
  /** The personal fields of an event, each with the field that names the person. */
  const personalOf = (type: string) => {
    const { owner, fields } = marked.get(type) ?? { owner: '', fields: [] };
    return fields.length === 0 ? {} : { 'x-personal': Object.fromEntries(fields.map(({ name }) => [name, owner])) };
  };
  const messages: Readonly<Record<string, Json>> = {
    ...Object.fromEntries(
      contexts.flatMap((context) =>
        Object.entries(context.events).map(([type, { summary, data, version: schemaVersion }]) => [
          `${context.name}.${type}`,
          {
            name: type,
            title: type,
            summary,
            contentType: 'application/json',
            tags: [{ name: context.name }],
            headers: { $ref: '#/components/schemas/Metadata' },
            payload: data,
            ...personalOf(type),
            examples: [{ name: `${type}-v${schemaVersion}`, payload: exampleOf(data) }],
          },
        ]),
      ),
    ),
    controlCenterEvent: {
      name: 'event',
      title: 'An event of any context',
      contentType: 'application/json',
      payload: ControlCenterEvent,
      examples: [{ name: 'event', payload: exampleOf(ControlCenterEvent) }],
    },
  };
  const messageRefs = (context: ContextSchema) =>
    Object.fromEntries(
      Object.keys(context.events).map((type) => [type, { $ref: `#/components/messages/${context.name}.${type}` }]),
    );
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Plaza: events',
      version,
      description:
        'The events of every context. Events are never changed: a new shape is a new version, and readers upcast older ones.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    channels: {
      ...Object.fromEntries(
        contexts.map((context) => [
          context.name,
          {
            address: null,
            title: context.title,
            description: "In the event store. The context's documentation names the streams.",
            messages: messageRefs(context),
          },
        ]),
      ),
      controlCenterEvents: {
        address: '/control-center/events',
        title: 'Control centre',
        description: 'Server-sent events: every event of every context, as it reaches the views.',
        messages: { event: { $ref: '#/components/messages/controlCenterEvent' } },
      },
    },
    operations: {
      ...Object.fromEntries(
        contexts.map(({ name, title }) => [
          `${name}.append`,
          { action: 'send', title: `${title}: append events`, channel: { $ref: `#/channels/${name}` } },
        ]),
      ),
      streamControlCenterEvents: {
        action: 'send',
        title: 'Stream events to the control centre',
        channel: { $ref: '#/channels/controlCenterEvents' },
      },
    },
    components: {
      messages,
      schemas: { Metadata },
    },
  };
};
