/** A component's history as coloured spans; what one means is told where it is pointed at, or by arrow keys. */

import { useState } from 'preact/hooks';
import { duration, hourOfDay, moment } from '../lib/format';
import { type Span, uptime } from '../lib/history';
import { STATE } from '../lib/words';
import type { State } from '../types';

const MARK: Record<State, string> = { pass: '', warn: '!', fail: '×', unknown: '?' };

function tell(span: Span): string {
  const time = `${moment(new Date(span.from))} to ${hourOfDay(new Date(span.to))}, ${duration(span.to - span.from)}`;
  return `${STATE[span.state]}: ${time}${span.output === null ? '' : `: ${span.output}`}`;
}

function summary(name: string, spans: Span[]): string {
  const bad = spans.filter((span) => span.state === 'fail' || span.state === 'warn');
  const share = uptime(spans);
  const known = share === null ? 'nothing is known' : `${(share * 100).toFixed(share === 1 ? 0 : 1)} % not failing`;
  return `${name} in the last 24 hours: ${known}, ${bad.length} spans of trouble. Arrow keys read them.`;
}

export function Strip({ name, spans }: { name: string; spans: Span[] }) {
  const [at, setAt] = useState<number | null>(null);
  const shown = at === null ? undefined : spans[at];
  const go = (event: KeyboardEvent) => {
    const last = spans.length - 1;
    const moves: Record<string, number> = { ArrowLeft: (at ?? last + 1) - 1, ArrowRight: (at ?? -1) + 1, Home: 0, End: last };
    const next = moves[event.key];
    if (next === undefined) return;
    event.preventDefault();
    setAt(Math.max(0, Math.min(last, next)));
  };
  return (
    <div class="strip">
      <div class="strip-bar" role="img" tabIndex={0} aria-label={summary(name, spans)} onKeyDown={go} onBlur={() => setAt(null)} onMouseLeave={() => setAt(null)}>
        {spans.map((span, index) => (
          <span
            key={`${span.from}`}
            class={`${span.state}${index === at ? ' shown' : ''}`}
            style={{ flexGrow: span.to - span.from }}
            onMouseEnter={() => setAt(index)}
          >
            {MARK[span.state]}
          </span>
        ))}
      </div>
      <p class="strip-text" aria-live="polite">{shown === undefined ? '' : tell(shown)}</p>
    </div>
  );
}
