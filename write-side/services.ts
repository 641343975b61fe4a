import type { Streams } from '../platform/event-store/streams.ts';
import type { ContextSchema } from '../schemas/kernel/context.ts';
import type { ContextMessages } from '../schemas/kernel/messages.ts';
import type { StepsByCommand } from './kernel/command-steps.ts';
import type { Payments } from './payments/payments.ts';
import type { Processes } from './policies/run-policies.ts';

/** The services that contexts share. */
export type SharedServices = {
  /** Returns the process's one connection to the payment provider. */
  payments(): Payments;
};

/** The parts of a process that process managers may use. */
export type ProcessServices = SharedServices & {
  /** Every context of Plaza that sends messages, whether this process runs it or not. */
  messaging: readonly { schema: ContextSchema; messages: ContextMessages }[];
  store: Pick<Streams, 'readLast'>;
};

/**
 * The services that the commands and process managers of a context call.
 * @template Settings the settings that it reads
 */
// biome-ignore lint/suspicious/noExplicitAny: a program has every setting; a context declares those that it reads
export type Services<Settings = any> = {
  /** Whether the context takes payments. The settings must then choose a payment provider. */
  takesPayments: boolean;
  /** Returns the steps of its commands that call services. */
  commands(settings: Settings, shared: SharedServices): StepsByCommand;
  /** Opens the services that the process managers need. */
  processes(settings: Settings, services: ProcessServices): Processes;
};
