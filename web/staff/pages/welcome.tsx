import { useState } from 'preact/hooks';
import type { LivingDemo } from '../../../schemas/kernel/operations.ts';
import { get } from '../../common/api.ts';
import { formatMinute, t } from '../../common/language.ts';
import { Link, VIEW } from '../../common/router.tsx';
import { may } from '../access.ts';
import { contextViews } from '../contexts/index.ts';
import { change } from '../operations/work.ts';
import { usePolling } from '../polling.ts';

/** Milliseconds between two reads of the demo's state: while it fills or runs. */
const OFTEN = 1000;
const SELDOM = 15_000;

type Demo = { known: LivingDemo | undefined; change(method: 'POST' | 'DELETE'): Promise<void> };

/** Follows the state of the living demo, for users who may see it. */
export const useDemo = (): Demo => {
  const [known, setKnown] = useState<LivingDemo>();
  const look = usePolling(async (gone) => {
    if (!may('GET /operations/demo')) return undefined;
    try {
      const demo = await get<LivingDemo>('/operations/demo', undefined, gone);
      setKnown(demo);
      if (demo.state === 'unavailable') return undefined;
      return demo.state === 'filling' ? OFTEN : SELDOM;
    } catch {
      return undefined; // Without an answer nothing is offered.
    }
  });
  return {
    known,
    change: (method) => change(method, '/operations/demo').then(look),
  };
};

const START = 'POST /operations/demo';

/** Says that the demo fills or runs, with a button that stops it. */
export const DemoNote = ({ demo: { known, change } }: { demo: Demo }) => {
  if (known?.state !== 'filling' && known?.state !== 'running') return null;
  return (
    <p class="demo-note" role="status">
      <span>
        {known.state === 'filling'
          ? t({ en: 'The demo is writing a day of history…', ko: '데모가 하루치 기록을 만들고 있습니다…' })
          : t({
              en: `A demo is running${known.until ? ` until ${formatMinute(known.until)}` : ''}.`,
              ko: `데모 실행 중${known.until ? `(${formatMinute(known.until)}까지)` : ''}입니다.`,
            })}
      </span>
      {may('DELETE /operations/demo') && (
        <button type="button" onClick={() => change('DELETE')}>
          {t({ en: 'Stop the demo', ko: '데모 중지' })}
        </button>
      )}
    </p>
  );
};

/** The first page of a Plaza without data: what it is, and how to begin. */
export const Welcome = ({ names, demo: { change } }: { names: readonly string[]; demo: Demo }) => (
  <section class="welcome">
    <h1>{t({ en: 'Welcome to Plaza', ko: 'Plaza에 오신 것을 환영합니다' })}</h1>
    <p>
      {t({
        en: 'Plaza takes reservations of limited things: parking spots, health screenings, meals, cinema seats and bikes. This control centre shows all of them live. It is empty now.',
        ko: 'Plaza는 주차장, 건강 검진, 푸드코트, 영화관, 자전거 대여의 예약을 받습니다. 이 관제 화면은 모든 현황을 실시간으로 보여 줍니다. 지금은 비어 있습니다.',
      })}
    </p>
    {may(START) && (
      <>
        <p>
          <button type="button" class="main" onClick={() => change('POST')}>
            {t({ en: 'Fill with a living demo', ko: '살아 있는 데모로 채우기' })}
          </button>
        </p>
        <p class="dim">
          {t({
            en: 'Lots, hospitals, shops, showings and bikes with a day of history, and ten minutes in which something happens. For another Plaza without it, use another data folder.',
            ko: '주차장, 병원, 매장, 상영, 자전거와 하루치 기록을 만들고 10분 동안 계속 움직입니다. 데모 없는 Plaza는 다른 데이터 폴더로 시작하세요.',
          })}
        </p>
      </>
    )}
    <h2>{t({ en: 'Or begin with your own', ko: '또는 직접 시작하기' })}</h2>
    <ul>
      {contextViews
        .filter(({ name, lists, all }) => names.includes(name) && lists[all]?.commands)
        .map(({ name, title, all }) => (
          <li key={name}>
            <Link to={VIEW + all}>{t(title)}</Link>
          </li>
        ))}
    </ul>
  </section>
);
