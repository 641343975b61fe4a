import { bikeRental as schema } from '../../schemas/bike-rental.ts';
import type { WriteSideContext } from '../kernel/context.ts';
import { bike } from './bike.ts';
import { bill } from './bill.ts';
import { deposit } from './deposit.ts';
import { manager } from './manager.ts';

export const bikeRental: WriteSideContext = { schema, deciders: [bike, bill, deposit, manager] };
