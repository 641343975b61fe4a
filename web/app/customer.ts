import { session } from '../common/session.ts';
import { createStore, useStore } from '../common/store.ts';
import { forgetKept } from '../common/updates.ts';

/** The customers among whom a visitor chooses where sign-in is off. */
export const demoCustomers = [
  { id: 'kim-minji', name: '김민지' },
  { id: 'lee-junho', name: '이준호' },
  { id: 'park-seoyeon', name: '박서연' },
  { id: 'choi-hyunwoo', name: '최현우' },
] as const;

const KEPT_AS = 'plaza.customer';

/** The chosen demo customer. */
const chosen = createStore<string | undefined>(localStorage.getItem(KEPT_AS) ?? undefined);

/** Chooses a demo customer; undefined asks again. */
export const chooseCustomer = (id: string | undefined): void => {
  forgetKept();
  if (id === undefined) localStorage.removeItem(KEPT_AS);
  else localStorage.setItem(KEPT_AS, id);
  chosen.set(id);
};

type Customer = { id: string; name: string };

const LAST = 'plaza.last-customer';

/** Forgets the customer and the kept answers, before signing out. */
export const forgetCustomer = (): void => {
  forgetKept();
  localStorage.removeItem(LAST);
};

const lastCustomer = (): Customer | undefined => {
  const kept = localStorage.getItem(LAST);
  return kept === null ? undefined : (JSON.parse(kept) as Customer);
};

// The storage is of one customer: others who sign in on this device do not see it.
session.subscribe((now) => {
  if (now.state !== 'in') return;
  if (lastCustomer()?.id !== now.caller.id) forgetKept();
  localStorage.setItem(LAST, JSON.stringify({ id: now.caller.id, name: now.name } satisfies Customer));
});

/**
 * Returns the customer whom the page is for: the signed-in user or the chosen demo customer. While Plaza does not
 * answer at all, it is the last one, whose tickets are kept on this device.
 */
export const useCustomer = (): Customer | undefined => {
  const id = useStore(chosen);
  const now = useStore(session);
  if (now.state === 'in' || now.state === 'over') return { id: now.caller.id, name: now.name };
  if (now.state === 'asking' && now.isUnanswered && lastCustomer()) return lastCustomer();
  if (now.state === 'out' || id === undefined) return undefined;
  return { id, name: demoCustomers.find((one) => one.id === id)?.name ?? id };
};
