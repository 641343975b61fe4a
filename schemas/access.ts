/** The roles that a token can have. */
export const roles = ['customer', 'staff', 'shop', 'manager', 'admin'] as const;

export type Role = (typeof roles)[number];

/** Everything, or the caller's own things: those with the caller's id in the named field. */
export type Grant = 'all' | { own: string };

/** The access of each role to a command or query; `anyone` needs no token. A role that is not named has no access. */
export type Rule = Readonly<Partial<Record<Role | 'anyone', Grant>>>;

const own = (field: string): Grant => ({ own: field });

const anyone: Rule = { anyone: 'all' };
const admin: Rule = { admin: 'all' };
const staff: Rule = { staff: 'all', ...admin };
const customer = (field = 'customerId'): Rule => ({ customer: own(field), ...staff });
const shop: Rule = { shop: own('shopId'), ...staff };
const manager: Rule = { manager: own('managerId'), ...staff };

/**
 * The access to every command and every query of every context, by name. A command or query that is not listed is
 * refused to everybody.
 *
 * `own(field)` on a command: the data names the caller in that field; a command whose data does not have the field is
 * checked against the stream by its decider's `owner`. On a query: the path names the caller, or the list is filtered by
 * the caller, or the document must belong to the caller. The history of a resource is shown to its owner, to staff and
 * to admins.
 */
export const access: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  parking: {
    RegisterLot: admin,
    ChangeSpots: staff,
    CloseLot: admin,
    ReserveParking: customer(),
    CancelReservation: customer(),
    RedeemCoupon: customer(),
    lots: anyone,
    lot: anyone,
    lotReservations: staff,
    lotReservation: customer(),
    reservations: customer(),
    coupons: customer(),
    coupon: customer(),
  },
  screening: {
    OpenSlot: staff,
    BookScreening: customer(),
    CancelBooking: customer(),
    DeleteSlot: admin,
    slots: anyone,
    slot: anyone,
    slotBookings: staff,
    booking: customer(),
    bookings: customer(),
    customerBookings: customer(),
  },
  'food-court': {
    RegisterShop: admin,
    PutMenuItem: shop,
    PlaceOrder: customer(),
    AcceptOrder: shop,
    StartCooking: shop,
    FinishCooking: shop,
    PickUpOrder: shop,
    CancelOrder: { ...customer(), ...shop },
    shops: anyone,
    shop: anyone,
    menu: anyone,
    menuItem: anyone,
    shopOrders: shop,
    order: { ...customer(), ...shop },
    customerOrders: customer(),
    board: { shop: 'all', ...staff },
  },
  cinema: {
    RegisterMovie: admin,
    EditMovie: admin,
    DeleteMovie: admin,
    ScheduleShowing: staff,
    ReserveSeat: customer(),
    CancelSeat: customer(),
    WriteReview: customer(),
    DeleteReview: customer(),
    movies: anyone,
    movie: anyone,
    showings: anyone,
    showing: anyone,
    reservations: staff,
    showingReservations: staff,
    reservation: customer(),
    customerReservations: customer(),
    customerMessages: customer(),
    // Anyone reads reviews; the guest's ids are for the guest and staff (see `personal` of the query).
    reviews: { ...customer(), ...anyone },
    review: customer(),
  },
  'bike-rental': {
    RegisterBike: staff,
    RentBike: customer('userId'),
    ReturnBike: customer('userId'),
    ReportCondition: manager,
    ChargeDeposit: customer('userId'),
    ConvertPoints: manager,
    bikes: anyone,
    bike: anyone,
    rental: customer('userId'),
    userRentals: customer('userId'),
    deposit: customer('userId'),
    manager,
    bills: staff,
  },
};

/**
 * The scope of a role whose token has no scope claim, from the id of the caller. Roles that are not named here reach
 * every context.
 */
export const defaultScope: Readonly<Partial<Record<Role, (id: string) => readonly string[]>>> = {
  shop: (id) => [`food-court:shop:${id}`],
  manager: () => ['bike-rental'],
};

const NOBODY: Rule = {};

/** Returns the rule for a resource's events: its owner, staff and admins. */
const historyRule = (rule: Rule): Rule =>
  Object.fromEntries(
    Object.entries(rule).filter(([role, grant]) => grant !== 'all' || role === 'staff' || role === 'admin'),
  );

/**
 * Returns the rule of a command or query.
 * @param name in the context's schema; `{query}History` for the history of a resource
 * @returns a rule without roles when the table has none
 */
export const ruleOf = (context: string, name: string): Rule => {
  const rules = access[context];
  const rule = rules && Object.hasOwn(rules, name) ? rules[name] : undefined;
  if (rule) return rule;
  const resource = name.endsWith('History') ? name.slice(0, -'History'.length) : undefined;
  if (resource === undefined || !rules || !Object.hasOwn(rules, resource)) return NOBODY;
  return { ...staff, ...historyRule(rules[resource]!) };
};
