import { projections } from '../plaza.ts';
import type { History } from '../simulate.ts';
import { checkErasures, readable } from './erasure.ts';
import { checkHistories } from './histories.ts';
import { checkCommands, checkEffects, checkQueries } from './log.ts';
import { checkCoupons, checkMoney } from './money.ts';
import { checkPlaces } from './places.ts';
import { checkViews } from './views.ts';

/** Virtual milliseconds for which an answer that was read before may be on its way. */
const IN_FLIGHT = 3_000;

/** Checks a history. @returns a line for each broken rule; none if all is well */
export const check = ({ world, plaza, isAtRest, ...all }: History): string[] => {
  const { restored } = plaza;
  // Clients saw events that the restored log lacks, or views at a later position than the restored ones have.
  const isAfter = ({ calledAt }: { calledAt: number }) => !restored || calledAt > restored.at + IN_FLIGHT;
  const commands = restored?.isOfEvents ? all.commands.filter(isAfter) : all.commands;
  const queries = all.queries.filter(isAfter);
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
    ...(isAtRest ? checkCoupons(events) : []),
    // The payments of lost events were made.
    ...(isAtRest && !restored?.isOfEvents ? checkMoney(events, plaza.payments.accounts) : []),
    ...(isAtRest ? checkViews(readable(events, plaza.documents), projections, plaza.documents) : []),
    ...(isAtRest ? checkErasures(events, plaza.documents, commands) : []),
    ...checkQueries(queries),
  ];
};
