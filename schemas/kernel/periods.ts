/** A day or an hour of a time zone, in milliseconds since 1970. */
export type Period = { start: number; end: number; label: string };

/**
 * Yields the days or hours of a time zone that a range touches, oldest first. A day has 23 or 25 hours where the clocks
 * change.
 * @param from first moment, UTC
 * @param to first moment after the range, UTC
 */
export function* periods(from: string, to: string, by: 'day' | 'hour', timeZone: string): Generator<Period> {
  if (from >= to) return;
  const local = Temporal.Instant.from(from).toZonedDateTimeISO(timeZone);
  const end = Date.parse(to);
  let start = by === 'day' ? local.startOfDay() : local.round({ smallestUnit: 'hour', roundingMode: 'floor' });
  while (start.epochMilliseconds < end) {
    const next = by === 'day' ? start.add({ days: 1 }).startOfDay() : start.add({ hours: 1 });
    const label = by === 'day' ? start.toPlainDate().toString() : start.toString({ timeZoneName: 'never' });
    yield { start: start.epochMilliseconds, end: next.epochMilliseconds, label };
    start = next;
  }
}
