import type { FoodCourtCommand } from '../../schemas/food-court.ts';
import type { Demo, DemoCommand } from '../context.ts';

/** The names of shops, and the dishes and prices that they have in common. */
const KITCHENS: readonly { names: readonly string[]; dishes: Readonly<Record<string, number>> }[] = [
  {
    names: ['할머니 손칼국수', '명동 칼국수', '바지락 칼국수', '밀밭 국수'],
    dishes: { '바지락 칼국수': 9000, '들깨 수제비': 9500, 김치만두: 6000 },
  },
  {
    names: ['김밥나라 판교점', '엄마손 김밥', '정자 분식', '학교앞 떡볶이'],
    dishes: { 참치김밥: 4500, 떡볶이: 5000, 라볶이: 6500, 모둠튀김: 5500 },
  },
  {
    names: ['남산 돈까스', '경양식 돈까스', '수제 돈까스 공방', '바삭 카츠'],
    dishes: { 등심돈까스: 10000, 치즈돈까스: 12000, '우동 세트': 13000 },
  },
  {
    names: ['전주 비빔밥', '시골 보리밥', '한상 백반', '뚝배기 한식'],
    dishes: { 돌솥비빔밥: 10500, 순두부찌개: 9000, 제육볶음: 10000 },
  },
  {
    names: ['홍콩 반점', '만리장성', '교동 짬뽕', '황금 볶음밥'],
    dishes: { 짜장면: 7500, 해물짬뽕: 9500, 탕수육: 18000 },
  },
  {
    names: [
      '오늘의 커피',
      '서현 로스터스',
      '달빛 카페',
      '과일가게 주스',
      '호두과자 판교',
      '붕어빵 연구소',
      '젤라또 하루',
    ],
    dishes: { 아메리카노: 3500, 카페라테: 4500, 딸기주스: 5500 },
  },
  {
    names: ['제주 흑돼지 국밥', '부산 돼지국밥', '나주 곰탕'],
    dishes: { 돼지국밥: 10000, 곰탕: 12000, 수육: 22000 },
  },
];

const DAY = -24 * 60;

/** Shops with their menus, a day of orders, and a kitchen at work. */
export const demo: Demo = ({ id, between, pick, customer }) => {
  const commands: (DemoCommand & FoodCourtCommand)[] = [];
  const shops = KITCHENS.flatMap(({ names, dishes }) =>
    names.map((name) => ({ name, dishes: Object.entries(dishes) })),
  );
  for (const [index, { name, dishes }] of shops.entries()) {
    const shopId = `demo-shop-${index + 1}`;
    commands.push({ at: DAY, type: 'RegisterShop', data: { shopId, name, maxOpenOrders: pick([12, 20, 30]) } });
    for (const [at, [dish, price]] of dishes.entries()) {
      const data = { shopId, menuId: `menu-${at + 1}`, name: dish, price, available: true };
      commands.push({ at: DAY + 1, type: 'PutMenuItem', data });
    }
    /** @param pace minutes of each step @param until the last step: 5 is the pickup */
    const order = (at: number, pace: number, until: number) => {
      const of = { shopId, orderId: id() };
      const line = () => ({ menuId: `menu-${between(1, dishes.length)}`, qty: between(1, 3) });
      const lines =
        between(1, 3) === 1
          ? [
              { menuId: 'menu-1', qty: 1 },
              { menuId: 'menu-2', qty: between(1, 2) },
            ]
          : [line()];
      commands.push({ at, type: 'PlaceOrder', data: { ...of, customerId: customer(), lines } });
      const steps = ['AcceptOrder', 'StartCooking', 'FinishCooking', 'PickUpOrder'] as const;
      for (const [step, type] of steps.slice(0, until - 1).entries())
        commands.push({ at: at + (step + 1) * pace, type, data: of });
    };
    for (let orders = between(3, 6); orders > 0; orders--) order(between(DAY + 30, -60), between(2, 7), 5);
    for (let step = 1; step <= 4; step++)
      for (let orders = between(0, 2); orders > 0; orders--)
        order(-between(2, 5) - (step - 1) * 4, between(2, 4), step);
    for (let orders = between(1, 4); orders > 0; orders--) order(between(5, 600) / 60, between(1, 2), 5);
  }
  return commands;
};
