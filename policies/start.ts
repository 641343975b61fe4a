import type { Db } from 'mongodb';
import type { EventStoreClient } from '../event-store/client.ts';
import { type Group, startGroup } from '../subscriptions/group.ts';
import type { Telemetry } from '../telemetry/start.ts';
import type { CommandHandler } from '../write-side/kernel/command-handler.ts';
import { type GiveCommand, policyMember } from './kernel/member.ts';
import type { Policy } from './kernel/policy.ts';

export type PoliciesOptions = {
  client: EventStoreClient;
  db: Db;
  policies: readonly Policy[];
  handler: Pick<CommandHandler, 'handle'>;
  leaseMs?: number;
  log?: (line: string) => void;
  telemetry?: Telemetry;
};

const giveTo =
  (handler: PoliciesOptions['handler']): GiveCommand =>
  async (command) => {
    const outcome = await handler.handle(command);
    switch (outcome.kind) {
      case 'done':
        return { kind: 'done' };
      case 'unavailable':
        return { kind: 'unavailable', detail: 'the event store did not answer' };
      case 'too-new':
        return { kind: 'unavailable', detail: 'the stream holds events of a newer Plaza' };
      case 'overloaded':
      case 'dropped':
        return { kind: 'unavailable', detail: 'the write side is overloaded' };
      case 'refused':
        return { kind: 'refused', reason: outcome.refusal.refused };
      default:
        return { kind: 'refused', reason: outcome.kind };
    }
  };

/** Runs policies, together with all other processes that run the same ones. Returns at once. */
export const startPolicies = ({ policies, handler, telemetry, ...options }: PoliciesOptions): Group => {
  const give = giveTo(telemetry?.tracing?.policies(handler) ?? handler);
  return startGroup({ ...options, name: 'policies', members: policies.map((policy) => policyMember(policy, give)) });
};
