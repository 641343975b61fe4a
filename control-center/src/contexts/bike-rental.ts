import type { schema } from '../../../schemas/bike-rental.ts';
import { contextView } from '../context.ts';
import { formatMoney, formatNumber, same } from '../language.ts';
import { fill } from '../templates.ts';

const BIKE = '/bike-rental/bikes/{bikeId}';
const RENTAL = '/bike-rental/bikes/{bikeId}/rentals/{rentalId}';
const USER_RENTALS = '/bike-rental/users/{userId}/rentals';
const DEPOSIT = '/bike-rental/users/{userId}/deposit';
const MANAGER = '/bike-rental/managers/{managerId}';

const statusWords = {
  available: { en: 'available', ko: '대여 가능' },
  'in-use': { en: 'in use', ko: '대여 중' },
  'out-of-service': { en: 'out of service', ko: '고장' },
};

export const view = contextView<typeof schema>({
  name: 'bike-rental',
  order: 5,
  title: { en: 'Bike rental', ko: '자전거 대여' },
  level: { en: 'bikes in use', ko: '대여 중인 자전거' },
  figures: ({ totals }) => [
    { label: { en: 'available', ko: '대여 가능' }, value: totals.available },
    { label: { en: 'in use', ko: '대여 중' }, value: totals.inUse },
    {
      label: { en: 'broken', ko: '고장' },
      value: totals.outOfService,
      ...(totals.outOfService > 0 ? { tone: 'bad' } : {}),
    },
    { label: { en: 'open bills', ko: '진행 중인 청구' }, value: totals.openBills },
  ],
  rows: ({ bikes }) =>
    bikes.map(({ bikeId, location, status }) => ({
      to: fill(BIKE, { bikeId })!,
      label: bikeId,
      note: same(location),
      value: statusWords[status],
    })),
  rowsInAll: ({ totals }) => totals.bikes,
  all: '/bike-rental/bikes',
  lists: {
    '/bike-rental/bikes': {
      title: { en: 'Bikes', ko: '자전거' },
      columns: ['bikeId', 'location', 'status', 'batteryLevel', 'usable', 'reportedAt'],
      thing: BIKE,
      sort: 'location',
      commands: ['RegisterBike'],
    },
    '/bike-rental/bills': {
      title: { en: 'Bills', ko: '청구서' },
      columns: ['openedAt', 'userId', 'bikeId', 'rentalId', 'status', 'minutes', 'fee', 'paid'],
      thing: RENTAL,
      sort: '-openedAt',
    },
    [USER_RENTALS]: {
      title: { en: 'Rentals and points', ko: '대여와 포인트' },
      columns: ['at', 'kind', 'bikeId', 'from', 'to', 'status', 'bill', 'amount'],
      thing: RENTAL,
      sort: '-at',
    },
  },
  things: {
    [BIKE]: {
      title: { en: 'Bike', ko: '자전거' },
      heading: ({ bikeId }) => String(bikeId),
      fields: ['status', 'location', 'batteryLevel', 'usable', 'rentalId', 'reportedAt'],
      commands: ({ status, rentalId }) => [
        ...(status === 'available' ? ['RentBike'] : []),
        ...(rentalId === undefined ? [] : ['ReturnBike']),
        'ReportCondition',
      ],
    },
    [RENTAL]: {
      title: { en: 'Rental', ko: '대여' },
      heading: ({ bikeId, userId }) => `${bikeId} · ${userId}`,
      fields: ['status', 'bikeId', 'userId', 'from', 'to', 'rentedAt', 'returnedAt', 'bill', 'rentalId'],
      commands: ({ status }) => (status === 'in-use' ? ['ReturnBike'] : []),
    },
    [DEPOSIT]: {
      title: { en: 'Deposit', ko: '예치금' },
      heading: ({ userId }) => String(userId),
      fields: ['userId', 'balance', 'outstanding'],
      commands: () => ['ChargeDeposit'],
    },
    [MANAGER]: {
      title: { en: 'Manager', ko: '관리자' },
      heading: ({ managerId }) => String(managerId),
      fields: ['managerId', 'points'],
      commands: () => ['ConvertPoints'],
    },
  },
  links: { bikeId: BIKE, rentalId: RENTAL, userId: '/customers/{userId}', managerId: MANAGER },
  commands: {
    RegisterBike: { en: 'Register a bike', ko: '자전거 등록' },
    RentBike: { en: 'Rent', ko: '대여하기' },
    ReturnBike: { en: 'Return', ko: '반납' },
    ReportCondition: { en: 'Report condition', ko: '상태 점검' },
    ChargeDeposit: { en: 'Add money', ko: '예치금 충전' },
    ConvertPoints: { en: 'Convert points', ko: '포인트 전환' },
  },
  problems: {
    'bike-not-found': '존재하지 않는 자전거입니다',
    'bike-already-registered': '이미 등록된 자전거 ID입니다',
    'bike-not-available': '대여 중이거나 고장 난 자전거입니다',
    'rental-already-exists': '이미 사용 중인 대여 ID입니다',
    'rental-not-found': '존재하지 않는 대여입니다',
    'already-returned': '이미 반납된 자전거입니다',
    'report-already-exists': '이미 사용 중인 점검 ID입니다',
    'charge-already-exists': '이미 사용 중인 충전 ID입니다',
    'deposit-full': '예치금 한도를 넘습니다',
    'not-enough-points': '포인트가 부족합니다',
    'conversion-already-exists': '이미 사용 중인 전환 ID입니다',
  },
  words: {
    BikeRegistered: ({ bikeId, location }) => ({
      en: `${bikeId} registered at ${location}`,
      ko: `${bikeId} ${location} 등록`,
    }),
    BikeRented: ({ bikeId, userId, location }) => ({
      en: `${userId} rented ${bikeId} at ${location}`,
      ko: `${userId} ${location}에서 ${bikeId} 대여`,
    }),
    BikeReturned: ({ bikeId, userId, location }) => ({
      en: `${userId} returned ${bikeId} to ${location}`,
      ko: `${userId} ${location}에 ${bikeId} 반납`,
    }),
    ConditionReported: ({ bikeId, batteryLevel, usable }) => ({
      en: `${bikeId} ${usable ? 'is usable' : 'is broken'}, battery ${batteryLevel}%`,
      ko: `${bikeId} ${usable ? '정상' : '고장'}, 배터리 ${batteryLevel}%`,
    }),
    BillOpened: ({ userId }) => ({ en: `Bill of ${userId} opened`, ko: `${userId} 청구서 등록` }),
    BillClosed: ({ userId, fee, minutes }) => ({
      en: `${userId} owes ${formatMoney(fee)} for ${formatNumber(minutes)} min`,
      ko: `${userId} ${formatNumber(minutes)}분 이용, 요금 ${formatMoney(fee)}`,
    }),
    DepositCharged: ({ userId, amount, balance }) => ({
      en: `${userId} added ${formatMoney(amount)}, balance ${formatMoney(balance)}`,
      ko: `${userId} ${formatMoney(amount)} 충전, 잔액 ${formatMoney(balance)}`,
    }),
    FeeDeducted: ({ userId, paid, balance }) => ({
      en: `${formatMoney(paid)} deducted from ${userId}, balance ${formatMoney(balance)}`,
      ko: `${userId} ${formatMoney(paid)} 차감, 잔액 ${formatMoney(balance)}`,
    }),
    DepositCredited: ({ userId, amount, balance }) => ({
      en: `${userId} was credited ${formatMoney(amount)}, balance ${formatMoney(balance)}`,
      ko: `${userId} ${formatMoney(amount)} 적립, 잔액 ${formatMoney(balance)}`,
    }),
    PointsAwarded: ({ managerId, points, total }) => ({
      en: `${managerId} earned ${formatNumber(points)} points, has ${formatNumber(total)}`,
      ko: `${managerId} 포인트 ${formatNumber(points)} 획득, 총 ${formatNumber(total)}`,
    }),
    PointsConverted: ({ managerId, userId, points }) => ({
      en: `${managerId} converted ${formatNumber(points)} points for ${userId}`,
      ko: `${managerId} 포인트 ${formatNumber(points)} → ${userId} 예치금 전환`,
    }),
  },
  about: ({ bikeId, rentalId, managerId, userId }) =>
    fill(RENTAL, { bikeId, rentalId }) ??
    fill(BIKE, { bikeId }) ??
    fill(MANAGER, { managerId }) ??
    fill(DEPOSIT, { userId }),
  names: () => new Map(),
  customer: [
    { list: USER_RENTALS, path: (userId) => ({ userId }) },
    { thing: DEPOSIT, path: (userId) => ({ userId }) },
  ],
});
