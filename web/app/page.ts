import type { ComponentType } from 'preact';
import type { Page } from '../common/api.ts';
import { useUpdates } from '../common/updates.ts';
import type { Ticket } from './parts.tsx';

/** The names in a path: `lotId` in `/app/parking/{lotId}`. */
type Names<Template extends string> = Template extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Names<Rest>
  : never;

/** A page and the template of its path. */
export type AppPage = readonly [template: string, page: ComponentType<{ customerId: string }>];

/** Declares a page, which gets the parameters in its path and the customer. */
export const page = <const Template extends string>(
  template: Template,
  component: ComponentType<Record<Names<Template> | 'customerId', string>>,
): AppPage => [template, component as AppPage[1]];

/**
 * Reads a service's tickets, and keeps them and each open one on this device.
 * @param list the path of the customer's tickets
 * @param pathOf returns the path of one
 * @returns none where Plaza runs without the service, undefined as long as they are not known
 */
export const useTicketsOf = <Item>(
  list: string,
  pathOf: (item: Item) => string,
  ticketOf: (item: Item) => Ticket,
): Ticket[] | undefined => {
  const { body, problem } = useUpdates<Page<Item>>(list, {
    isKept: true,
    each: ({ items }) => items.filter((one) => ticketOf(one).isOpen).map((one) => [pathOf(one), one]),
  });
  if (problem?.status === 404) return [];
  return body?.items.map(ticketOf);
};
