import { Check, Store } from 'lucide';
import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../../common/icon.tsx';
import { chooseLanguage, language } from '../../common/language.ts';
import { languages } from '../../common/preferences.ts';
import { callerOf, type Session, session } from '../../common/session.ts';
import { SignInPage } from '../../common/sign-in-page.tsx';
import { useNow, useStore } from '../../common/store.ts';
import { useUpdates } from '../../common/updates.ts';
import { Heading, Loaded, Outage, Skeleton } from '../parts.tsx';
import { say } from '../words.ts';
import { Menu, type Ordered } from './menu.tsx';
import { type Shop, useShops, Wait } from './shop.tsx';

/** Seconds without a touch after which the kiosk returns to its start, and for which it shows an order. */
const IDLE = 60;
const SHOWN = 15;
/** Seconds for which the kiosk warns before it returns to its start. */
const WARNED = 10;

/** Calls back after seconds without a touch or a key. @returns the seconds that are left */
const useIdle = (seconds: number, onIdle: () => void): number => {
  const now = useNow(500);
  const [touchedAt, setTouched] = useState(Date.now);
  useEffect(() => {
    const stopped = new AbortController();
    for (const type of ['pointerdown', 'keydown', 'wheel'])
      addEventListener(type, () => setTouched(Date.now()), { signal: stopped.signal, passive: true });
    return () => stopped.abort();
  }, []);
  const left = seconds - (now - touchedAt) / 1000;
  useEffect(() => {
    if (left <= 0) onIdle();
  }, [left <= 0]);
  return Math.max(0, Math.ceil(left));
};

const Shops = ({ onShop }: { onShop(shopId: string): void }) => {
  const tongue = useStore(language);
  const [other, words] = languages.find(([one]) => one !== tongue)!;
  return (
    <>
      <header class="top">
        <Heading>{say('매장을 고르세요', 'Choose a shop')}</Heading>
        <button type="button" lang={other} onClick={() => chooseLanguage(other)}>
          {words}
        </button>
      </header>
      <Loaded of={useShops()}>
        {(shops) => (
          <ul class="tiles">
            {shops.map((shop) => (
              <li key={shop.shopId}>
                <button
                  type="button"
                  class="tile"
                  disabled={shop.status !== 'open'}
                  onClick={() => onShop(shop.shopId)}
                >
                  <span class="badge">
                    <Icon of={Store} size={28} />
                  </span>
                  <strong>{shop.name}</strong>
                  <Wait of={shop} />
                </button>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </>
  );
};

const OrderAt = ({
  shopId,
  customerId,
  onOrdered,
  onEnd,
}: {
  shopId: string;
  customerId: string | undefined;
  onOrdered(order: Ordered): void;
  onEnd(): void;
}) => {
  const found = useUpdates<Shop>(`/food-court/shops/${shopId}`);
  const left = useIdle(IDLE, onEnd);
  return (
    <Loaded of={found}>
      {(shop) => (
        <>
          <header class="top">
            <Heading>{shop.name}</Heading>
            <button type="button" onClick={onEnd}>
              {say('처음으로', 'Start again')}
            </button>
          </header>
          <Menu shop={shop} customerId={customerId} isKept={false} onOrdered={onOrdered} />
          <p class="refused" role="status" hidden={left > WARNED}>
            {left <= WARNED && say(`${left}초 뒤 처음 화면으로 돌아갑니다.`, `Back to the start in ${left} seconds.`)}
          </p>
        </>
      )}
    </Loaded>
  );
};

const Done = ({ order, onEnd }: { order: Ordered; onEnd(): void }) => {
  const left = useIdle(SHOWN, onEnd);
  return (
    <section class="thanks">
      <Icon of={Check} size={64} />
      <Heading>{say('주문했습니다', 'Thank you')}</Heading>
      <p class="call">
        <span>{say('호출 번호', 'Call number')}</span>
        <strong>{order.callNumber}</strong>
      </p>
      <p>{say('번호가 화면에 나오면 찾아가세요.', 'Pick your order up when the board shows this number.')}</p>
      <button type="button" class="main" onClick={onEnd}>
        {say(`처음으로 (${left})`, `Start again (${left})`)}
      </button>
    </section>
  );
};

/** Without sign-in every order needs a customer: this one is nobody. */
const NOBODY = 'kiosk';

const mayOrder = (now: Session): boolean => now.state === 'off' || callerOf(now)?.roles.includes('kiosk') === true;

/** The food court for a kiosk, which knows nobody: it keeps nothing and returns to its start by itself. */
export const KioskPage = () => {
  const now = useStore(session);
  const [shopId, setShop] = useState<string>();
  const [order, setOrder] = useState<Ordered>();
  const restart = () => {
    setShop(undefined);
    setOrder(undefined);
  };
  return (
    <main class="kiosk">
      <Outage />
      {now.state === 'asking' && <Skeleton />}
      {now.state === 'out' && <SignInPage {...now} />}
      {now.state === 'in' && !mayOrder(now) && (
        <p class="refused" role="alert">
          {say('키오스크 권한이 있는 계정으로 로그인하세요.', 'Sign in with an account of the role kiosk.')}
        </p>
      )}
      {mayOrder(now) && order && <Done order={order} onEnd={restart} />}
      {mayOrder(now) && !order && shopId === undefined && <Shops onShop={setShop} />}
      {mayOrder(now) && !order && shopId !== undefined && (
        <OrderAt
          shopId={shopId}
          customerId={now.state === 'off' ? NOBODY : undefined}
          onOrdered={setOrder}
          onEnd={restart}
        />
      )}
    </main>
  );
};
