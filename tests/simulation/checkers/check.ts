import { projections } from '../plaza.ts';
import type { History } from '../simulate.ts';
import { checkErasures, readable } from './erasure.ts';
import { checkHistories } from './histories.ts';
import { checkCommands, checkEffects, checkQueries } from './log.ts';
import { checkCoupons, checkMoney } from './money.ts';
import { checkPlaces } from './places.ts';
import { checkViews } from './views.ts';

/** Checks a history. @returns a line for each broken rule; none if all is well */
export const check = ({ commands, queries, world, plaza, isAtRest }: History): string[] => {
  const events = plaza.eventStore.events();
  const parked = plaza.documents.read('parked');
  const answers = [
    ...commands.flatMap((command) => command.answers.map(({ answer }) => answer)),
    ...queries.map(({ answer }) => answer),
  ];
  return [
    ...plaza.errors,
    ...answers.filter(({ status }) => status === 500).map(({ body }) => `500: ${body}`),
    ...(isAtRest ? [] : ['it does not come to rest']),
    ...parked.map(({ _id, reason }) => `parked ${_id}: ${reason}`),
    ...checkCommands(events, commands),
    ...checkEffects(events),
    ...checkHistories(events, commands, plaza.eventStore.storedAt),
    ...checkPlaces(events, world.now()),
    ...(isAtRest ? [...checkMoney(events, plaza.payments.accounts), ...checkCoupons(events)] : []),
    ...(isAtRest ? checkViews(readable(events, plaza.documents), projections, plaza.documents) : []),
    ...(isAtRest ? checkErasures(events, plaza.documents, commands) : []),
    ...checkQueries(queries),
  ];
};
