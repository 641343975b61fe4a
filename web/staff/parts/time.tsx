import { useEffect, useId, useState } from 'preact/hooks';
import type { Page } from '../../common/api.ts';
import { formatMoment, formatShare, t } from '../../common/language.ts';
import { keep, withQuery } from '../../common/router.tsx';
import { useNow, useStore } from '../../common/store.ts';
import type { Parameters } from '../../common/templates.ts';
import { TimeInput } from '../../common/time-input.tsx';
import type { ContextView, HappenedEvent } from '../context.ts';
import { describeEvents } from '../describe-events.ts';
import { overview } from '../live.ts';
import { building, moment } from '../moment.ts';
import { useResource } from '../resource.ts';
import { concerning } from './list.tsx';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Milliseconds from the last move of a slider until the page shows its moment: every moment costs a build of views. */
const REST = 500;

/**
 * A value that is shown at once, and used when it has rested.
 * @returns the value while it is being chosen, and what begins a choice
 */
const useRest = <Value,>(use: (value: Value) => void): [Value | undefined, (value: Value) => void] => {
  const [chosen, setChosen] = useState<{ value: Value }>();
  useEffect(() => {
    if (!chosen) return;
    const timer = setTimeout(() => {
      use(chosen.value);
      setChosen(undefined);
    }, REST);
    return () => clearTimeout(timer);
  }, [chosen]);
  return [chosen?.value, (value) => setChosen({ value })];
};

const show = (time: number): void => keep(time > Date.now() - MINUTE ? undefined : new Date(time).toISOString());

/** Sets the whole control centre to an earlier moment, and shows a note while it is at one. */
export const TimeBar = ({ isOpen }: { isOpen: boolean }) => {
  const id = useId();
  const at = useStore(moment);
  const share = useStore(building);
  const now = useNow(MINUTE);
  const shown = at === undefined ? now : Date.parse(at);
  const [chosen = shown, choose] = useRest(show);
  if (!isOpen && at === undefined) return null;
  // The slider covers the last day, or the day around a moment before it.
  const end = shown >= now - DAY ? now : shown + DAY / 2;
  const words = chosen > now - MINUTE ? t({ en: 'now', ko: '현재' }) : formatMoment(new Date(chosen).toISOString());
  return (
    <section
      class={at === undefined ? 'time-bar' : 'time-bar past'}
      aria-label={t({ en: 'Point in time', ko: '시점' })}
    >
      <p role="status">
        {at !== undefined && (
          <strong>
            {t({
              en: `The state of ${formatMoment(at)}. Nothing can be changed here.`,
              ko: `${formatMoment(at)} 시점의 상태입니다. 변경할 수 없습니다.`,
            })}
          </strong>
        )}
        {share !== undefined && (
          <span>
            {t({
              en: `The lists of that time are being built: ${formatShare(share)}`,
              ko: `목록 생성 중: ${formatShare(share)}`,
            })}
          </span>
        )}
      </p>
      <div class="choice">
        <label class="unseen" for={`${id}-slider`}>
          {t({ en: 'Time', ko: '시각' })}
        </label>
        <input
          id={`${id}-slider`}
          type="range"
          class="slider"
          min={end - DAY}
          max={end}
          step={MINUTE}
          value={chosen}
          aria-valuetext={words}
          onInput={({ currentTarget }) => choose(Number(currentTarget.value))}
        />
        <output for={`${id}-slider`}>{words}</output>
        <label class="unseen" for={`${id}-date`}>
          {t({ en: 'Date and time', ko: '날짜와 시각' })}
        </label>
        <TimeInput
          id={`${id}-date`}
          max={now}
          value={chosen}
          onTime={(moment) => moment !== undefined && choose(Date.parse(moment))}
        />
        {at !== undefined && (
          <button type="button" class="main" onClick={() => keep(undefined)}>
            {t({ en: 'Back to now', ko: '현재로 돌아가기' })}
          </button>
        )}
      </div>
    </section>
  );
};

/** The most events that a document's slider has. */
const EVENTS = 100;

/** A slider over the last events of a document: the page shows it as it was after each. */
export const Timeline = ({ view, path, parameters }: { view: ContextView; path: string; parameters: Parameters }) => {
  const id = useId();
  const at = useStore(moment);
  const { body } = useResource<Page<Omit<HappenedEvent, 'context'>>>(
    withQuery(`${path}/history`, { sort: '-position', limit: String(EVENTS) }),
    concerning(view, parameters),
    { isPresent: true },
  );
  const events = (body?.items ?? []).map((event) => ({ ...event, context: view.name })).reverse();
  const last = events.length - 1;
  const found = at === undefined ? last : events.findLastIndex(({ time }) => time <= at);
  const [chosen = Math.max(0, found), choose] = useRest((index: number) =>
    keep(index === last ? undefined : events[index]?.time),
  );
  const described = describeEvents(events.toReversed(), useStore(overview), false).reverse();
  if (last < 1) return null;
  const { words, event } = described[Math.min(chosen, last)]!;
  const saying = `${formatMoment(event.time)} · ${words}`;
  return (
    <div class="timeline">
      <label class="unseen" for={id}>
        {t({ en: 'After the event', ko: '이벤트 직후' })}
      </label>
      <input
        id={id}
        type="range"
        class="slider"
        min={0}
        max={last}
        step={1}
        value={chosen}
        list={`${id}-ticks`}
        aria-valuetext={saying}
        onInput={({ currentTarget }) => choose(Number(currentTarget.value))}
      />
      <datalist id={`${id}-ticks`}>
        {events.map(({ position }, index) => (
          <option key={position} value={index} />
        ))}
      </datalist>
      <output for={id}>{saying}</output>
    </div>
  );
};
