import { schema } from '../../schemas/screening.ts';
import type { WriteSideContext } from '../context.ts';
import { policies } from './policies.ts';
import { screeningSlot } from './screening-slot.ts';

export const writeSide: WriteSideContext = { schema, deciders: [screeningSlot], policies };
