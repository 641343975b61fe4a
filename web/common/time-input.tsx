/** Returns a moment as the value of an input, in the user's time zone; nothing for an invalid one. */
const localTime = (moment: string | number): string => {
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) return '';
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 'YYYY-MM-DDThh:mm'.length);
};

type TimeInputProps = {
  id: string;
  /** In ISO 8601, or in milliseconds since 1970. */
  value: string | number | undefined;
  max?: number;
  required?: boolean;
  name?: string;
  /** @param moment in ISO 8601; undefined when the field is empty */
  onTime(moment: string | undefined): void;
};

/** A field for a moment, in the user's time zone. */
export const TimeInput = ({ value, max, onTime, ...rest }: TimeInputProps) => (
  <input
    {...rest}
    type="datetime-local"
    max={max === undefined ? undefined : localTime(max)}
    value={value === undefined ? '' : localTime(value)}
    onChange={({ currentTarget }) =>
      onTime(currentTarget.value === '' ? undefined : new Date(currentTarget.value).toISOString())
    }
  />
);
