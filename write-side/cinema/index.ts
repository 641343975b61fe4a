import { schema } from '../../schemas/cinema.ts';
import type { WriteSideContext } from '../context.ts';
import { message } from './message.ts';
import { movie } from './movie.ts';
import { payment } from './payment.ts';
import { policies } from './policies.ts';
import { review } from './review.ts';
import { showing } from './showing.ts';

export const writeSide: WriteSideContext = {
  schema,
  deciders: [movie, showing, payment, review, message],
  policies,
  services: async () => (await import('./services.ts')).services,
};
