import { withoutSubject } from '../identity/subject.ts';
import type { EventMetadata } from './types.ts';

/** A command id that begins with its caller: `key:{caller} {key}`, `{caller} delivery {name}`. */
const OF_CALLER = /^(key:)?(\S+)( delivery)? (\S+)$/;

const idWithoutSubject = (id: string): string => {
  const [, key = '', caller = '', delivery = '', name = ''] = OF_CALLER.exec(id) ?? [];
  return (key === '') === (delivery === '') ? id : `${key}${withoutSubject(caller)}${delivery} ${name}`;
};

const NAMES = ['commandId', '$correlationId', '$causationId'] as const;

/**
 * Replaces subjects by ids in metadata that was read. An earlier Plaza stored subjects, which may be e-mail addresses,
 * as actors and in command ids: no reader gets them, and a repeated command is still found.
 */
export const withoutSubjects = (metadata: EventMetadata): EventMetadata => {
  if (typeof metadata.actor === 'string') metadata.actor = withoutSubject(metadata.actor);
  for (const name of NAMES)
    if (typeof metadata[name] === 'string' && metadata[name].includes(' '))
      metadata[name] = idWithoutSubject(metadata[name]);
  return metadata;
};
