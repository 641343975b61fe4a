import type { ComponentChildren } from 'preact';
import type { Page } from '../common/api.ts';
import type { Parameters } from '../common/templates.ts';
import type { Update } from '../common/updates.ts';

/** The path of a page, and the page for the parameters in it. */
export type AppPage = readonly [template: string, show: (of: Parameters & { customerId: string }) => ComponentChildren];

/** A ticket of a service, as the list of all tickets shows it. */
export type Ticket = { key: string; isOpen: boolean; at: string; row: ComponentChildren };

/** Returns a list's tickets: none where Plaza runs without the service, undefined as long as they are not known. */
export const ticketsOf = <Item>(
  { body, problem }: Update<Page<Item>>,
  ticketOf: (item: Item) => Ticket,
): Ticket[] | undefined => body?.items.map(ticketOf) ?? (problem?.status === 404 ? [] : undefined);
