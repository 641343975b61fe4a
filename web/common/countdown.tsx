import { useEffect } from 'preact/hooks';
import { formatMoment, t } from './language.ts';
import { useNow } from './store.ts';

const two = (value: number): string => String(value).padStart(2, '0');

/** Formats seconds as a clock: `4:59`, `1:05:00`. */
const formatClock = (seconds: number): string => {
  const whole = Math.max(0, Math.ceil(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
};

/** The time that is left until a moment; screen readers hear the moment, not each second. */
export const Countdown = ({ until, onEnd }: { until: string; onEnd?: () => void }) => {
  const left = (Date.parse(until) - useNow(500)) / 1000;
  const isOver = left <= 0;
  useEffect(() => {
    if (isOver) onEnd?.();
  }, [isOver]);
  return (
    <>
      <span class={left < 60 ? 'clock soon' : 'clock'} aria-hidden="true">
        {formatClock(left)}
      </span>
      <span class="unseen">{t({ en: `until ${formatMoment(until)}`, ko: `${formatMoment(until)}까지` })}</span>
    </>
  );
};
