import type { BikeRentalCommand } from '../../schemas/bike-rental.ts';
import type { Demo, DemoCommand } from '../context.ts';

const STATIONS = [
  '판교역 1번출구',
  '정자역 3번출구',
  '서현역 로데오',
  '수내역 탄천',
  '중앙공원 입구',
  '율동공원',
  '야탑역 광장',
];
const BIKES = 30;
const MANAGERS = ['kim-minjun', 'lee-seoyeon'];

const DAY = -24 * 60;

/** Bikes at their stations, rides of the last day and of the next minutes, and the managers' reports. */
export const demo: Demo = ({ id, between, pick, customer }) => {
  const commands: (DemoCommand & BikeRentalCommand)[] = [
    { at: DAY, type: 'ChangeTariff', data: { base: 1000, perMinute: 50, dailyMax: 20_000 } },
  ];
  const rider = () => {
    const userId = customer();
    const payment = { method: 'card', token: 'approve' };
    return { userId, charge: { userId, chargeId: id(), amount: pick([10_000, 20_000, 30_000]), payment } };
  };
  for (let number = 1; number <= BIKES; number++) {
    const bikeId = `demo-bike-${String(number).padStart(2, '0')}`;
    commands.push({ at: DAY, type: 'RegisterBike', data: { bikeId, location: pick(STATIONS) } });
    const ride = (at: number, minutes: number | undefined) => {
      const { userId, charge } = rider();
      const of = { bikeId, rentalId: id() };
      commands.push({ at: at - 1, type: 'ChargeDeposit', data: charge });
      commands.push({ at, type: 'RentBike', data: { ...of, userId } });
      if (minutes !== undefined)
        commands.push({ at: at + minutes, type: 'ReturnBike', data: { ...of, location: pick(STATIONS) } });
    };
    let at = DAY + between(10, 120);
    for (let rides = between(1, 4); rides > 0 && at < -120; rides--) {
      const minutes = between(8, 70);
      ride(at, minutes);
      at += minutes + between(30, 240);
    }
    const report = { reportId: id(), managerId: pick(MANAGERS) };
    const usable = number % 11 !== 0;
    const batteryLevel = usable ? between(12, 100) : between(0, 8);
    commands.push({ at: -50, type: 'ReportCondition', data: { bikeId, ...report, batteryLevel, usable } });
    if (number % 3 === 0) ride(-between(10, 45), undefined);
    else if (usable) ride(between(90, 500) / 60, between(1, 3));
  }
  return commands;
};
