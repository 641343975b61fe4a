import { type Static, Type } from 'typebox';
import { PositionText } from './history.ts';
import { Status, Strict, Time } from './values.ts';

/** The progress of the views that a list as of an earlier moment needs. */
export const MomentProgress = Strict({
  position: PositionText,
  time: Time,
  state: Status('waiting', 'building'),
  events: Type.Integer({ minimum: 0, description: 'Events read so far.' }),
  share: Type.Number({ minimum: 0, maximum: 1, description: 'The share of the log up to the moment that was read.' }),
});

export type MomentProgress = Static<typeof MomentProgress>;
