import { cinema as schema } from '../../schemas/cinema.ts';
import type { WriteSideContext } from '../kernel/context.ts';
import { message } from './message.ts';
import { movie } from './movie.ts';
import { payment } from './payment.ts';
import { review } from './review.ts';
import { showing } from './showing.ts';

export const cinema: WriteSideContext = { schema, deciders: [movie, showing, payment, review, message] };
