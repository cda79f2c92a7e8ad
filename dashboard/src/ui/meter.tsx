/** How much of something is used. The text says it; the bar shows it. */

import { StateIcon } from './icons';
import type { State } from '../types';

interface Props {
  label: string;
  value: number;
  max: number;
  text: string;
  /** Which share is too little left, or too much used. */
  state?: State;
}

export function Meter({ label, value, max, text, state = 'pass' }: Props) {
  const share = max > 0 ? Math.min(Math.max(value / max, 0), 1) : 0;
  return (
    <div class="meter">
      <div class="meter-label">
        <span>{label}</span>
        <span class="meter-text">
          {state !== 'pass' && <StateIcon state={state} />}
          {text}
        </span>
      </div>
      <div class="meter-track" role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={max} aria-valuenow={Math.min(value, max)} aria-valuetext={text}>
        <div class={`meter-bar ${state}`} style={{ width: `${share * 100}%` }} />
      </div>
    </div>
  );
}

/** Shares of a whole, side by side, with a legend in words. */
export function Shares({ parts }: { parts: { label: string; value: number; text: string; color: string }[] }) {
  const all = parts.reduce((sum, part) => sum + part.value, 0);
  return (
    <div class="shares">
      <div class="shares-bar" aria-hidden="true">
        {all > 0 && parts.filter((part) => part.value > 0).map((part) => (
          <span key={part.label} style={{ flexGrow: part.value, background: `var(--${part.color})` }} />
        ))}
      </div>
      <ul>
        {parts.map((part) => (
          <li key={part.label}>
            <i class="swatch" style={{ background: `var(--${part.color})` }} aria-hidden="true" />
            {part.label} <b>{part.text}</b>
          </li>
        ))}
      </ul>
    </div>
  );
}
