import type { schema } from '../../../schemas/bike-rental.ts';
import { formatNumber, same } from '../../common/language.ts';
import { fill } from '../../common/templates.ts';
import { contextView } from '../context.ts';
import { statusOf } from '../fields.ts';

const BIKE = '/bike-rental/bikes/{bikeId}';
const RENTAL = '/bike-rental/bikes/{bikeId}/rentals/{rentalId}';
const USER_RENTALS = '/bike-rental/users/{userId}/rentals';
const DEPOSIT = '/bike-rental/users/{userId}/deposit';
const TARIFF = '/bike-rental/tariff';
const POINTS = '/bike-rental/points';
const CHARGE = '/bike-rental/users/{userId}/deposits/{chargeId}';
const MOVEMENTS = '/bike-rental/users/{userId}/movements';
const MANAGER = '/bike-rental/managers/{managerId}';

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
      tone: totals.outOfService > 0 ? 'bad' : undefined,
    },
    { label: { en: 'open bills', ko: '진행 중인 청구' }, value: totals.openBills },
  ],
  rows: ({ bikes }) =>
    bikes.map(({ bikeId, location, status }) => ({
      to: fill(BIKE, { bikeId })!,
      label: bikeId,
      note: same(location),
      value: statusOf(status),
      isUrgent: status === 'out-of-service',
    })),
  rowsInAll: ({ totals }) => totals.bikes,
  all: '/bike-rental/bikes',
  lists: {
    '/bike-rental/bikes': {
      title: { en: 'Bikes', ko: '자전거' },
      columns: ['bikeId', 'location', 'status', 'batteryLevel', 'usable', 'reportedAt'],
      thing: BIKE,
      sort: 'location',
      commands: ['RegisterBike', 'ChangeTariff', 'ChangePoints'],
    },
    '/bike-rental/condition-reports': {
      title: { en: 'Condition reports', ko: '점검 기록' },
      columns: ['reportedAt', 'bikeId', 'managerId', 'batteryLevel', 'usable', 'points'],
      thing: BIKE,
      sort: '-reportedAt',
    },
    '/bike-rental/deposits': {
      title: { en: 'Deposits', ko: '예치금' },
      columns: ['userId', 'balance', 'outstanding'],
      thing: DEPOSIT,
      sort: '-outstanding',
    },
    '/bike-rental/managers': {
      title: { en: 'Managers', ko: '관리자' },
      columns: ['managerId', 'points'],
      thing: MANAGER,
      sort: '-points',
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
    [MOVEMENTS]: {
      title: { en: 'Payments and balance', ko: '입출금과 잔액' },
      columns: ['at', 'kind', 'status', 'amount', 'balance', 'outstanding', 'chargeId', 'rentalId'],
      thing: CHARGE,
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
        ...(status === 'retired' ? [] : ['ReportCondition']),
        ...(status === 'retired' || rentalId !== undefined ? [] : ['MoveBike', 'RetireBike']),
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
      lists: [MOVEMENTS],
      commands: () => ['ChargeDeposit'],
    },
    [CHARGE]: {
      title: { en: 'Charge', ko: '충전' },
      heading: ({ userId }) => String(userId),
      fields: ['status', 'userId', 'amount', 'method', 'reason', 'at', 'balance', 'outstanding'],
    },
    [MANAGER]: {
      title: { en: 'Manager', ko: '관리자' },
      heading: ({ managerId }) => String(managerId),
      fields: ['managerId', 'points'],
      commands: () => ['ConvertPoints'],
    },
    [TARIFF]: {
      title: { en: 'Tariff', ko: '요금제' },
      heading: () => '',
      fields: ['base', 'perMinute', 'dailyMax'],
      commands: () => ['ChangeTariff'],
    },
    [POINTS]: {
      title: { en: 'Points for reports', ko: '점검 포인트' },
      heading: () => '',
      fields: ['perReport'],
      commands: () => ['ChangePoints'],
    },
  },
  commands: {
    RegisterBike: { en: 'Register a bike', ko: '자전거 등록' },
    MoveBike: { en: 'Move', ko: '위치 이동' },
    RetireBike: {
      en: 'Retire',
      ko: '자전거 폐기',
      danger: true,
      effect: { en: 'It cannot be rented any more.', ko: '더 이상 대여할 수 없습니다.' },
    },
    RentBike: { en: 'Rent', ko: '대여하기' },
    ReturnBike: { en: 'Return', ko: '반납' },
    ReportCondition: { en: 'Report condition', ko: '상태 점검' },
    ChargeDeposit: { en: 'Add money', ko: '예치금 충전' },
    ConvertPoints: { en: 'Convert points', ko: '포인트 전환' },
    ChangeTariff: { en: 'Set the tariff', ko: '요금제 변경' },
    ChangePoints: { en: 'Set the points', ko: '점검 포인트 변경' },
  },
  problems: {
    'bike-not-found': '존재하지 않는 자전거입니다',
    'bike-already-registered': '이미 등록된 자전거 ID입니다',
    'bike-retired': '폐기된 자전거입니다',
    'bike-not-available': '대여 중이거나 고장 난 자전거입니다',
    outstanding: '미납 금액을 먼저 결제해야 합니다',
    'rental-already-exists': '이미 사용 중인 대여 ID입니다',
    'rental-not-found': '존재하지 않는 대여입니다',
    'already-returned': '이미 반납된 자전거입니다',
    'station-not-found': '이용자는 대여소에만 반납할 수 있습니다',
    'report-already-exists': '이미 사용 중인 점검 ID입니다',
    'charge-already-exists': '이미 사용 중인 충전 ID입니다',
    'deposit-full': '예치금 한도를 넘습니다',
    'payment-declined': '결제가 거절되어 충전되지 않았습니다',
    'payment-unavailable': '지금은 결제할 수 없습니다. 충전되지 않았습니다',
    'too-many-payments': '결제 요청이 많습니다. 잠시 후 다시 시도하세요',
    'not-enough-points': '포인트가 부족합니다',
    'conversion-already-exists': '이미 사용 중인 전환 ID입니다',
  },
  words: {
    BikeRegistered: { en: '{bikeId} registered at {location}', ko: '{bikeId} {location} 등록' },
    BikeRented: { en: '{userId} rented {bikeId} at {location}', ko: '{userId} {location}에서 {bikeId} 대여' },
    BikeReturned: { en: '{userId} returned {bikeId} to {location}', ko: '{userId} {location}에 {bikeId} 반납' },
    LocationAdded: { en: '{location}: bikes may be returned here', ko: '{location} 반납 장소 추가' },
    BikeMoved: { en: '{bikeId} moved from {from} to {location}', ko: '{bikeId} {from}에서 {location}(으)로 이동' },
    BikeRetired: { en: '{bikeId} retired', ko: '{bikeId} 폐기' },
    ConditionReported: ({ usable }) => ({
      en: `{bikeId} ${usable ? 'is usable' : 'is broken'}, battery {batteryLevel}`,
      ko: `{bikeId} ${usable ? '정상' : '고장'}, 배터리 {batteryLevel}`,
    }),
    BillOpened: { en: 'Bill of {userId} opened', ko: '{userId} 청구서 등록' },
    BillClosed: { en: '{userId} owes {fee} for {minutes} min', ko: '{userId} {minutes}분 이용, 요금 {fee}' },
    DepositCharged: { en: '{userId} added {amount}, balance {balance}', ko: '{userId} {amount} 충전, 잔액 {balance}' },
    ChargeRequested: { en: '{userId} pays {amount} into the deposit', ko: '{userId} {amount} 충전 결제 요청' },
    ChargeDeclined: { en: 'Payment of {amount} by {userId} failed', ko: '{userId} {amount} 충전 결제 실패' },
    ChargeRefunded: { en: '{userId} was refunded {amount}', ko: '{userId} {amount} 환불' },
    ChargeVoided: { en: '{userId} was not charged {amount}', ko: '{userId} {amount} 결제 무효' },
    FeeDeducted: { en: '{paid} deducted from {userId}, balance {balance}', ko: '{userId} {paid} 차감, 잔액 {balance}' },
    DepositCredited: {
      en: '{userId} was credited {amount}, balance {balance}',
      ko: '{userId} {amount} 적립, 잔액 {balance}',
    },
    BillPaid: {
      en: '{userId} paid {amount} of the bill of {rentalId}',
      ko: '{userId} {rentalId} 미납 요금 {amount} 결제',
    },
    PointsAwarded: ({ total }) => ({
      en: `{managerId} earned {points} points, has ${formatNumber(total)}`,
      ko: `{managerId} 포인트 {points} 획득, 총 ${formatNumber(total)}`,
    }),
    PointsConverted: {
      en: '{managerId} converted {points} points for {userId}',
      ko: '{managerId} 포인트 {points} → {userId} 예치금 전환',
    },
    TariffChanged: {
      en: 'Tariff set to {base} and {perMinute} per minute',
      ko: '요금제 변경: 기본 {base}, 분당 {perMinute}',
    },
    PointsChanged: { en: 'A report earns {perReport} points', ko: '점검 한 건에 {perReport} 포인트' },
  },
  about: [RENTAL, BIKE, MANAGER, DEPOSIT],
  customer: { field: 'userId', shows: [USER_RENTALS, DEPOSIT, MOVEMENTS] },
});
