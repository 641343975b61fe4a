import type { ComponentChildren } from 'preact';
import type { Parameters } from '../common/templates.ts';

/** The path of a page, and the page for the parameters in it. */
export type AppPage = readonly [template: string, show: (of: Parameters & { customerId: string }) => ComponentChildren];

/** A ticket of a service, as the list of all tickets shows it. */
export type Ticket = { key: string; isOpen: boolean; at: string; row: ComponentChildren };
