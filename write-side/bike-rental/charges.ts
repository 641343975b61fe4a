/** Names a charge: the revision of its ChargeRequested event distinguishes a charge whose id is used again. */
export type ChargeName = { userId: string; chargeId: string; charge: string };

/** The idempotency key of a charge at the payment provider, which all contexts share. */
export const chargeKey = ({ userId, chargeId, charge }: ChargeName): string =>
  `deposit.${userId}.${chargeId}.${charge}`;
