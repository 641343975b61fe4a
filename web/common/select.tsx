/** An option of a choice: a value, and the words that the user reads. */
export type Option<Value extends string | number = string> = readonly [value: Value, words: string];

export type SelectProps<Value extends string | number> = {
  value: Value;
  options: readonly Option<NoInfer<Value>>[];
  onChoose(value: NoInfer<Value>): void;
};

type Names = { id?: string; name?: string; required?: boolean; 'aria-label'?: string };

/** A choice among a few options. */
export const Select = <Value extends string | number>({ options, onChoose, ...rest }: SelectProps<Value> & Names) => (
  <select {...rest} onChange={(event) => onChoose(options[event.currentTarget.selectedIndex]![0])}>
    {options.map(([value, words]) => (
      <option key={value} value={value}>
        {words}
      </option>
    ))}
  </select>
);
