import type { Streams } from '../platform/event-store/streams.ts';
import type { MessagingContext } from '../schemas/customer-messages.ts';
import type { StepsByCommand } from './kernel/command-steps.ts';
import type { Payments } from './payments/payments.ts';
import type { Processes } from './policies/run-policies.ts';

/**
 * Something of a customer that has not ended, and the command that ends it; none for what only the customer can end.
 */
export type OpenThing = { view: string; id: string; cancel?: { type: string; data: object } };

/** The means by which a customer is erased. Only a process with the keys and the views has them. */
export type Erasing = {
  /**
   * Returns what is stored about a customer, as of now, in every context of the process.
   * @returns undefined while the views are behind
   */
  find(customerId: string): Promise<{ isKnown: boolean; open: OpenThing[] } | undefined>;
  /** Returns the name of the customer's latest key, which may be erased. */
  latestKey(customerId: string): Promise<string | undefined>;
  /** Returns the name of the customer's key, which is made if there is none. */
  makeKey(customerId: string): Promise<string>;
  /** Erases a key. */
  eraseKey(customerId: string, key: string): Promise<void>;
  /** Erases the keys of the snapshots of the streams with the customer's personal data. */
  eraseSnapshots(customerId: string): Promise<void>;
};

/** The services that contexts share. */
export type SharedServices = {
  /** Undefined where personal data is not encrypted, and in a process without the views. */
  erasing?: Erasing | undefined;
  /** Returns the process's one connection to the payment provider. */
  payments(): Payments;
};

/** The parts of a process that process managers may use. */
export type ProcessServices = SharedServices & {
  /** Every context of Plaza that sends messages, whether this process runs it or not. */
  messaging: readonly MessagingContext[];
  store: Pick<Streams, 'readLast'>;
};

/**
 * The services that the commands and process managers of a context call.
 * @template Settings the settings that it reads
 */
// biome-ignore lint/suspicious/noExplicitAny: a program has every setting; a context declares those that it reads
export type Services<Settings = any> = {
  /** Whether the context takes payments. The settings must then choose a payment provider. */
  takesPayments?: true;
  /** Returns the steps of its commands that call services. */
  commands?(settings: Settings, shared: SharedServices): StepsByCommand;
  /** Opens the services that the process managers need. */
  processes(settings: Settings, services: ProcessServices): Processes;
};
