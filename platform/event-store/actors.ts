import { withoutSubject } from '../identity/subject.ts';
import type { EventMetadata } from './types.ts';

/** A command id that begins with its caller: `key:{caller} {key}`, `{caller} delivery {name}`. */
const OF_CALLER = /^(key:)?(\S+)( delivery)? (\S+)$/;

const idWithoutSubject = (id: string): string => {
  const [, key = '', caller = '', delivery = '', name = ''] = OF_CALLER.exec(id) ?? [];
  return (key === '') === (delivery === '') ? id : `${key}${withoutSubject(caller)}${delivery} ${name}`;
};

const RULES = {
  actor: withoutSubject,
  commandId: idWithoutSubject,
  $correlationId: idWithoutSubject,
  $causationId: idWithoutSubject,
} as const;

/**
 * Replaces subjects by ids in metadata that was read. An earlier Plaza stored subjects, which may be e-mail addresses,
 * as actors and in command ids: no reader gets them, and a repeated command is still found. Metadata without any is
 * returned as it is.
 */
export const withoutSubjects = (metadata: EventMetadata): EventMetadata => {
  let replaced = metadata;
  for (const name of Object.keys(RULES) as (keyof typeof RULES)[]) {
    const value = metadata[name];
    if (typeof value !== 'string' || (name !== 'actor' && !value.includes(' '))) continue;
    const id = RULES[name](value);
    if (id !== value) replaced = { ...replaced, [name]: id };
  }
  return replaced;
};
