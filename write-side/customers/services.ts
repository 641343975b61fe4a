import { schema } from '../../schemas/customers.ts';
import type { Language } from '../../schemas/kernel/messages.ts';
import { currentEvent } from '../policies/policy-consumer.ts';
import type { Services } from '../services.ts';
import type { Contact } from './delivery/channel.ts';
import { deliverMessages } from './delivery/deliver.ts';
import { mailChannel } from './delivery/mail.ts';
import { webhookChannel } from './delivery/webhook.ts';
import { completeErasure, customersSteps } from './erasing/erase.ts';
import { type Channel, erasures, messaging } from './policies.ts';

/** The settings that the customers context reads. */
export type CustomersSettings = {
  TIME_ZONE: string;
  MESSAGE_SMTP_URL: string;
  MESSAGE_FROM: string;
  MESSAGE_TO: string;
  MESSAGE_WEBHOOK_URL: string;
  MESSAGE_WEBHOOK_SECRET: string;
  MESSAGE_LANGUAGE: Language;
  MESSAGE_MAX_AGE_HOURS: number;
  MESSAGE_TIMEOUT_MS: number;
};

const channelsOf = (settings: CustomersSettings) => {
  const { MESSAGE_SMTP_URL, MESSAGE_WEBHOOK_URL, MESSAGE_WEBHOOK_SECRET, MESSAGE_TIMEOUT_MS: timeoutMs } = settings;
  const { MESSAGE_FROM: from, MESSAGE_TO: otherwise } = settings;
  return {
    ...(MESSAGE_SMTP_URL && { email: mailChannel({ url: MESSAGE_SMTP_URL, from, otherwise, timeoutMs }) }),
    ...(MESSAGE_WEBHOOK_URL && {
      webhook: webhookChannel({ url: MESSAGE_WEBHOOK_URL, secret: MESSAGE_WEBHOOK_SECRET, timeoutMs }),
    }),
  };
};

/** The channels for messages to customers. */
export const services: Services<CustomersSettings> = {
  commands: (_settings, { erasing }) => customersSteps(erasing),
  processes(settings, { messaging: contexts, store, erasing }) {
    const channels = channelsOf(settings);
    const { deliveries, reminders } = messaging({
      messaging: contexts,
      timeZone: settings.TIME_ZONE,
      channels: Object.keys(channels) as Channel[],
      maxAgeHours: settings.MESSAGE_MAX_AGE_HOURS,
    });
    const contactOf = async (customerId: string) => {
      const last = await store.readLast(`contact-${customerId}`);
      return last?.type === 'ContactChanged' ? (currentEvent(schema, last).data as Contact) : undefined;
    };
    return {
      managers: [
        reminders,
        { ...deliveries, perform: deliverMessages({ channels, contactOf, language: settings.MESSAGE_LANGUAGE }) },
        ...(erasing ? [{ ...erasures, perform: completeErasure(erasing) }] : []),
      ],
      close: () => {
        for (const channel of Object.values(channels)) channel.close();
      },
    };
  },
};
