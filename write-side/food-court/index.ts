import { foodCourt as schema } from '../../schemas/food-court.ts';
import type { WriteSideContext } from '../kernel/context.ts';
import { board } from './board.ts';
import { shop } from './shop.ts';

export const foodCourt: WriteSideContext = { schema, deciders: [shop, board] };
