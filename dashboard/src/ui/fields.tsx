/** Small labelled inputs. */

import { useEffect, useRef, useState } from 'preact/hooks';

interface SelectProps {
  label: string;
  value: string;
  options: readonly (readonly [value: string, label: string])[];
  change: (value: string) => void;
}

export function Select({ label, value, options, change }: SelectProps) {
  // What is chosen in the address may be gone from the list, and is chosen all the same.
  const missing = value !== '' && !options.some(([one]) => one === value);
  return (
    <label class="field">
      <span>{label}</span>
      <select value={value} onChange={(event) => change(event.currentTarget.value)}>
        {missing && <option value={value}>{value}</option>}
        {options.map(([one, text]) => (
          <option key={one} value={one}>{text}</option>
        ))}
      </select>
    </label>
  );
}

interface TextProps {
  label: string;
  value: string;
  change: (value: string) => void;
  placeholder?: string;
  /** Digits are all it takes. */
  numeric?: boolean;
  /** Whether `/` leads here. */
  search?: boolean;
}

const PAUSE_MS = 350;

/** Tells a change when the typing stops. */
export function Text({ label, value, change, placeholder, numeric = false, search = false }: TextProps) {
  const [text, setText] = useState(value);
  const timer = useRef(0);
  useEffect(() => setText(value), [value]);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const typed = (next: string) => {
    setText(next);
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => change(next.trim()), PAUSE_MS);
  };
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="search"
        inputMode={numeric ? 'numeric' : 'text'}
        value={text}
        placeholder={placeholder}
        spellcheck={false}
        autocomplete="off"
        data-search={search ? '' : undefined}
        onInput={(event) => typed(event.currentTarget.value)}
      />
    </label>
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: readonly (readonly [value: T, label: string])[];
  change: (value: T) => void;
}

/** A few alternatives side by side. */
export function Choice<T extends string>({ label, value, options, change }: ChoiceProps<T>) {
  return (
    <div class="choice" role="group" aria-label={label}>
      {options.map(([one, text]) => (
        <button key={one} type="button" aria-pressed={one === value} onClick={() => change(one)}>{text}</button>
      ))}
    </div>
  );
}
