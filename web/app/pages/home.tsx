import { Bikes } from '../bike-rental/index.tsx';
import { Cinema } from '../cinema/index.tsx';
import { FoodCourt } from '../food-court/index.tsx';
import { Parking } from '../parking/index.tsx';
import { Heading } from '../parts.tsx';
import { Screening } from '../screening/index.tsx';
import { say } from '../words.ts';
import { ActiveTickets } from './tickets.tsx';

/** Shows what is open and available now. */
export const HomePage = ({ customerId }: { customerId: string }) => (
  <>
    <Heading>{say('지금 이용할 수 있어요', 'Available now')}</Heading>
    <ActiveTickets customerId={customerId} />
    <Parking />
    <Cinema />
    <FoodCourt />
    <Screening />
    <Bikes />
  </>
);
