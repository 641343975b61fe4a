import { screening } from '../../schemas/screening.ts';
import { history } from '../kernel/history.ts';
import { bookings } from './bookings.ts';
import { slots } from './slots.ts';

export const screeningProjections = [slots, bookings, history(screening)];
