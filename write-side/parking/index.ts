import { parking as schema } from '../../schemas/parking.ts';
import type { WriteSideContext } from '../kernel/context.ts';
import { coupon } from './coupon.ts';
import { parkingLot } from './parking-lot.ts';

export const parking: WriteSideContext = { schema, deciders: [parkingLot, coupon] };
