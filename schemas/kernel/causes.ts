import { type Static, Type } from 'typebox';
import { ControlCenterEvent } from './control-center.ts';
import { EventId } from './history.ts';
import { Status, Strict, Time } from './values.ts';

/** The most events before an event, and after it, that one answer contains. */
export const MOST_BEFORE = 250;
export const MOST_AFTER = 750;

/** A command with the events that it yielded in one stream. */
export const CausedCommand = Strict({
  commandId: Type.String(),
  actor: Type.String({ examples: ['anonymous'] }),
  policy: Type.Optional(
    Type.String({ description: 'The policy or process manager that sent it.', examples: ['parking.coupons'] }),
  ),
  time: Time,
  cause: {
    ...Status('request', 'event', 'command', 'unlisted'),
    description:
      'Its cause: a request of a client; an event or another command of this answer; or one that the answer does not contain.',
  },
  causationId: Type.String({ description: "The cause's `eventId` or `commandId`." }),
  millisecondsAfter: Type.Optional(
    Type.Integer({ minimum: 0, description: 'From its cause, by the clocks of the write sides.', examples: [12] }),
  ),
  events: Type.Array(ControlCenterEvent),
});

/** Everything that happened for the same reason as an event. */
export const Causes = Strict({
  eventId: Type.String({ ...EventId, description: 'The event that was asked for.' }),
  correlationId: Type.String(),
  isWhole: Type.Boolean({
    description: `False when there are more than ${MOST_BEFORE} events before this one or ${MOST_AFTER} after it: the nearest are listed.`,
    examples: [true],
  }),
  commands: Type.Array(CausedCommand, { description: 'In the order of the log, so that causes come first.' }),
});

export type CausedCommand = Static<typeof CausedCommand>;
export type Causes = Static<typeof Causes>;
