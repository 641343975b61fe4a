import { screening as schema } from '../../schemas/screening.ts';
import type { WriteSideContext } from '../kernel/context.ts';
import { screeningSlot } from './screening-slot.ts';

export const screening: WriteSideContext = { schema, deciders: [screeningSlot] };
