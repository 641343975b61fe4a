import type { schema } from '../../../schemas/cinema.ts';
import { formatNumber, formatStart, same } from '../../common/language.ts';
import { fill } from '../../common/templates.ts';
import { contextView } from '../context.ts';
import { limitedPlaces, placeRefusals } from '../limited-places.ts';

const MOVIE = '/cinema/movies/{movieId}';
const SHOWING = '/cinema/showings/{showingId}';
const RESERVATION = '/cinema/showings/{showingId}/reservations/{reservationId}';
const REVIEW = '/cinema/movies/{movieId}/reviews/{customerId}';
const CUSTOMER_RESERVATIONS = '/cinema/customers/{customerId}/reservations';

const held = limitedPlaces({
  prefix: 'ShowingPlace',
  path: SHOWING,
  key: 'showingId',
  things: (places) => ({
    en: places === 1 ? 'a seat' : `${formatNumber(places)} seats`,
    ko: `${formatNumber(places)}석`,
  }),
});

const places = ({ seats }: { seats?: readonly string[] }) => seats?.length ?? 1;

export const view = contextView<typeof schema>({
  name: 'cinema',
  order: 4,
  title: { en: 'Cinema', ko: '영화관' },
  level: { en: 'seats sold', ko: '판매된 좌석' },
  figures: ({ totals }) => [
    { label: { en: 'seats sold', ko: '판매된 좌석' }, value: totals.sold },
    { label: { en: 'left', ko: '남은 좌석' }, value: totals.left },
    { label: { en: 'payment pending', ko: '결제 중' }, value: totals.held },
    { label: { en: 'showings', ko: '상영' }, value: totals.showings },
  ],
  rows: ({ movies }, now) =>
    movies
      .flatMap(({ title, showings }) => showings.map((showing) => ({ title, ...showing })))
      .filter(({ status, startsAt }) => status === 'open' && Date.parse(startsAt) > now)
      .sort((a, b) => a.startsAt.localeCompare(b.startsAt))
      .map(({ showingId, title, startsAt, seats, left }) => ({
        to: fill(SHOWING, { showingId })!,
        label: title,
        note: same(formatStart(startsAt)),
        taken: seats - left,
        of: seats,
        value: {
          en: `${formatNumber(left)} of ${formatNumber(seats)} left`,
          ko: `${formatNumber(left)}/${formatNumber(seats)}석 남음`,
        },
      })),
  rowsInAll: ({ totals }) => totals.showings,
  all: '/cinema/movies',
  lists: {
    ...held.lists,
    '/cinema/movies': {
      title: { en: 'Movies', ko: '영화' },
      columns: ['title', 'movieId', 'status', 'runningTime', 'reviewCount', 'averageRating'],
      thing: MOVIE,
      sort: 'title',
      commands: ['RegisterMovie'],
    },
    '/cinema/reservations': {
      title: { en: 'Reservations', ko: '예매' },
      columns: ['since', 'title', 'customerId', 'seats', 'price', 'status', 'payment', 'reservationId'],
      thing: RESERVATION,
      sort: '-since',
    },
    '/cinema/movies/{movieId}/showings': {
      title: { en: 'Showings', ko: '상영' },
      columns: ['startsAt', 'showingId', 'status', 'price', 'seats', 'held', 'sold', 'onHold', 'waiting', 'left'],
      thing: SHOWING,
      sort: 'startsAt',
    },
    '/cinema/showings/{showingId}/reservations': {
      title: { en: 'Reservations', ko: '예매' },
      columns: ['heldAt', 'customerId', 'seats', 'price', 'status', 'payment', 'reservationId'],
      thing: RESERVATION,
      sort: '-heldAt',
    },
    '/cinema/movies/{movieId}/reviews': {
      title: { en: 'Reviews', ko: '관람평' },
      columns: ['writtenAt', 'customerId', 'rating', 'text'],
      thing: REVIEW,
      sort: '-writtenAt',
    },
    [CUSTOMER_RESERVATIONS]: {
      title: { en: 'Reservations', ko: '예매' },
      columns: ['heldAt', 'title', 'startsAt', 'seats', 'price', 'status', 'payment'],
      thing: RESERVATION,
      sort: '-heldAt',
    },
  },
  things: {
    ...held.things,
    [MOVIE]: {
      title: { en: 'Movie', ko: '영화' },
      heading: ({ title }) => String(title),
      fields: ['status', 'runningTime', 'reviewCount', 'averageRating', 'description', 'movieId'],
      lists: ['/cinema/movies/{movieId}/showings', '/cinema/movies/{movieId}/reviews'],
      commands: ({ status }) =>
        status === 'on' ? ['ScheduleShowing', 'EditMovie', 'WriteReview', 'DeleteMovie'] : ['WriteReview'],
    },
    [SHOWING]: {
      title: { en: 'Showing', ko: '상영' },
      heading: ({ title, startsAt }) => `${title} · ${formatStart(String(startsAt))}`,
      fields: [
        'status',
        'startsAt',
        'hallId',
        'cancelUntil',
        'holdFor',
        'price',
        'seats',
        'sold',
        'held',
        'onHold',
        'waiting',
        'left',
        'movieId',
        'showingId',
      ],
      lists: ['/cinema/showings/{showingId}/reservations', ...held.below],
      commands: ({ status }) =>
        status === 'open'
          ? ['ReserveSeat', 'HoldShowingPlace', 'JoinShowingPlaceWaitingList', 'MoveShowing', 'CancelShowing']
          : [],
    },
    [RESERVATION]: {
      title: { en: 'Reservation', ko: '예매' },
      heading: ({ title, customerId }) => `${title} · ${customerId}`,
      fields: [
        'status',
        'payment',
        'customerId',
        'showingId',
        'startsAt',
        'seats',
        'price',
        'heldAt',
        'since',
        'reason',
        'reservationId',
      ],
      commands: ({ status }) => (status === 'confirmed' ? ['CancelSeat'] : []),
    },
    [REVIEW]: {
      title: { en: 'Review', ko: '관람평' },
      heading: ({ customerId, rating }) => `${customerId} · ${'★'.repeat(Number(rating))}`,
      fields: ['rating', 'text', 'customerId', 'movieId', 'showingId', 'writtenAt'],
      commands: () => ['DeleteReview'],
    },
  },
  commands: {
    RegisterMovie: { en: 'Add a movie', ko: '영화 등록' },
    EditMovie: { en: 'Edit', ko: '영화 수정' },
    DeleteMovie: {
      en: 'Delete the movie',
      ko: '영화 삭제',
      danger: true,
      effect: {
        en: 'Cancels all its showings and refunds every reservation.',
        ko: '모든 상영이 취소되고 모든 예매가 환불됩니다.',
      },
    },
    ScheduleShowing: { en: 'Add a showing', ko: '상영 추가' },
    MoveShowing: { en: 'Move the showing', ko: '상영 시각 변경' },
    CancelShowing: {
      en: 'Cancel the showing',
      ko: '상영 취소',
      danger: true,
      effect: {
        en: 'Refunds {sold} sold seats.',
        ko: '판매된 좌석 {sold}석이 환불됩니다.',
      },
    },
    ReserveSeat: { en: 'Reserve seats', ko: '예매하기' },
    HoldShowingPlace: { en: 'Hold seats', ko: '좌석 선점' },
    ...held.commands,
    CancelSeat: {
      en: 'Cancel',
      ko: '예매 취소',
      danger: true,
      effect: { en: 'Frees the seats and refunds the payment.', ko: '좌석이 비워지고 결제가 환불됩니다.' },
    },
    WriteReview: { en: 'Review', ko: '관람평 쓰기' },
    DeleteReview: { en: 'Delete', ko: '관람평 삭제', danger: true },
  },
  problems: {
    ...placeRefusals,
    'movie-not-found': '존재하지 않는 영화입니다',
    'movie-already-registered': '이미 등록된 영화 ID입니다',
    'movie-deleted': '삭제된 영화입니다',
    'showing-not-found': '존재하지 않는 상영입니다',
    'showing-already-exists': '이미 사용 중인 상영 ID입니다',
    'showing-canceled': '취소된 상영입니다',
    'too-late': '가능한 시간이 지났습니다',
    'hall-in-use': '그 시간에 다른 상영이 있는 상영관입니다',
    'hall-unavailable': '아직 그 시간에 상영관을 배정할 수 없습니다. 잠시 후 다시 시도하세요',
    'showing-full': '남은 좌석이 없습니다',
    'seat-taken': '이미 판매된 좌석입니다',
    'seat-blocked': '판매하지 않는 좌석입니다',
    'seats-apart': '나란히 앉을 수 있는 좌석이 없습니다',
    'choice-ambiguous': '좌석 번호, 좌석 목록, 인원 중 하나만 입력하세요',
    'seats-differ': '좌석이 인원수 또는 선점한 좌석과 다릅니다',
    'price-changed': '가격이 바뀌었습니다',
    'price-too-high': '한 번에 결제할 수 있는 금액을 넘었습니다',
    'no-seats': '좌석 수나 좌석 배치도를 입력하세요. 둘 다 입력하면 좌석 수가 같아야 합니다',
    'no-such-seat': '존재하지 않는 좌석입니다',
    'reservation-already-exists': '이미 사용 중인 예매 ID입니다',
    'reservation-not-found': '존재하지 않는 예매입니다',
    'reservation-pending': '결제 중인 예매입니다',
    'reservation-refused': '결제되지 않은 예매입니다',
    'already-canceled': '이미 취소된 예매입니다',
    'payment-required': '결제 정보를 입력하세요',
    'payment-declined': '결제가 거절되어 좌석 선점이 해제되었습니다',
    'payment-unavailable': '지금은 결제할 수 없습니다. 좌석은 선점되지 않았습니다',
    'too-many-payments': '결제 요청이 많습니다. 잠시 후 다시 시도하세요',
    'not-a-guest': '이 고객의 확정된 예매가 없습니다',
    'showing-not-begun': '아직 시작하지 않은 상영입니다',
    'review-already-exists': '이미 관람평을 쓴 고객입니다',
    'review-not-found': '존재하지 않는 관람평입니다',
  },
  words: {
    ...held.words,
    ShowingPlacesClosed: {
      en: 'Holds and the waiting list of {showingId} ended with its start',
      ko: '{showingId} 상영 시작, 선점과 대기 종료',
    },
    MovieRegistered: { en: '{title} was added', ko: '{title} 등록' },
    MovieEdited: { en: '{title} was edited', ko: '{title} 수정' },
    MovieDeleted: { en: '{movieId} was deleted', ko: '{movieId} 삭제' },
    ShowingScheduled: {
      en: '{title} will be shown at {startsAt}, {seats} seats',
      ko: '{title} {startsAt} 상영 추가, {seats}석',
    },
    ShowingWithdrawn: { en: 'A showing of {movieId} was withdrawn', ko: '{movieId} 상영 철회' },
    ShowingOpened: { en: '{title} is open for reservations', ko: '{title} 예매 시작' },
    ShowingRefused: ({ showingId }) => ({
      en: `A showing of {movieId} was refused: ${showingId} is another movie's`,
      ko: `{movieId} 상영 거절: ${showingId}은(는) 다른 영화의 상영입니다`,
    }),
    ShowingCanceled: { en: 'A showing of {showingId} was cancelled', ko: '{showingId} 상영 취소' },
    HallBooked: {
      en: 'Hall {hallId} is kept for {title} at {startsAt}',
      ko: '{title} {startsAt} 상영관 {hallId} 배정',
    },
    HallRefused: {
      en: 'Hall {hallId} is in use: a showing of {movieId} was refused',
      ko: '상영관 {hallId} 사용 중, {movieId} 상영 거절',
    },
    HallRebooked: {
      en: 'Hall {hallId} is kept for {movieId} at {startsAt} too',
      ko: '{movieId} {startsAt} 상영관 {hallId} 추가 배정',
    },
    ShowingMoveVoided: { en: 'A showing of {showingId} was not moved', ko: '{showingId} 상영 시각 변경 안 됨' },
    HallFreed: { en: 'Hall {hallId} is free of a showing of {movieId}', ko: '{movieId} 상영관 {hallId} 배정 해제' },
    ShowingMoved: { en: '{title} now starts at {startsAt}', ko: '{title} 상영 시각이 {startsAt}(으)로 변경' },
    SeatReservationMoved: {
      en: '{customerId} has a seat for {title} at {startsAt}',
      ko: '{customerId} {title} 예매가 {startsAt}(으)로 변경',
    },
    SeatHeld: { en: '{customerId} is paying for {title}{left}', ko: '{customerId} {title} 결제 중{left}' },
    ReservationConfirmed: { en: '{customerId} has a seat for {title}', ko: '{customerId} {title} 예매 확정' },
    SeatReleased: {
      en: 'Seat of {customerId} for {title} released: payment {reason}{left}',
      ko: '{customerId} {title} 좌석 해제, 결제 {reason}{left}',
    },
    SeatReservationCanceled: ({ reason }) =>
      reason === 'showing-canceled'
        ? {
            en: 'Reservation of {customerId} for {title} ended: {reason}',
            ko: '{customerId} {title} 예매 취소, {reason}',
          }
        : { en: '{customerId} cancelled {title}{left}', ko: '{customerId} {title} 예매 취소{left}' },
    PaymentRequested: { en: 'Payment of {amount} by {customerId} requested', ko: '{customerId} {amount} 결제 요청' },
    PaymentApproved: { en: '{customerId} paid {amount}', ko: '{customerId} {amount} 결제 완료' },
    PaymentDeclined: { en: 'Payment of {customerId}: {reason}', ko: '{customerId} 결제 실패, {reason}' },
    PaymentRefunded: { en: '{amount} refunded to {customerId}', ko: '{customerId} {amount} 환불' },
    PaymentVoided: { en: '{customerId} was not charged', ko: '{customerId} 결제 무효' },
    ReviewWritten: { en: '{customerId} rated {movieId} {rating} of 5', ko: '{customerId} {movieId} 별점 {rating}' },
    ReviewDeleted: { en: 'Review of {movieId} by {customerId} deleted', ko: '{customerId} {movieId} 관람평 삭제' },
  },
  about: [RESERVATION, ...held.about, SHOWING, MOVIE],
  left: {
    now: ({ movies }) =>
      new Map(movies.flatMap(({ showings }) => showings.map(({ showingId, left }) => [showingId, left]))),
    words: { en: ', {left} left', ko: ', {left}석 남음' },
    place: 'showingId',
    changes: {
      SeatHeld: (data) => (data.holdId === undefined && data.entryId === undefined ? -places(data) : 0),
      SeatReleased: places,
      SeatReservationCanceled: places,
      ShowingOpened: null,
      ...held.changes,
    },
  },
  names: ({ movies }) => ({
    movieId: new Map(movies.map(({ movieId, title }) => [movieId, title])),
    showingId: new Map(movies.flatMap(({ title, showings }) => showings.map(({ showingId }) => [showingId, title]))),
  }),
  customer: { field: 'customerId', shows: [CUSTOMER_RESERVATIONS, '/cinema/waiting-list'] },
});
