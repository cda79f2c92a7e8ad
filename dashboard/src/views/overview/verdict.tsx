import { bytes, count, duration } from '../../lib/format';
import { href } from '../../lib/route';
import type { Verdict } from '../../lib/verdict';
import type { Overview } from '../../types';
import { StateIcon } from '../../ui/icons';
import { Time } from '../../ui/time';

/** More are on the view of health. */
const MAX_REASONS = 4;

export function VerdictBanner({ verdict, overview }: { verdict: Verdict; overview: Overview | null }) {
  const more = verdict.reasons.length - MAX_REASONS;
  return (
    <section class={`verdict ${verdict.state}`} aria-label="Health">
      <div class="verdict-main">
        <StateIcon state={verdict.state} />
        <div role="status">
          <p class="headline">{verdict.headline}</p>
          <p>{verdict.detail}</p>
        </div>
      </div>
      {verdict.reasons.length > 0 && (
        <ul class="reasons">
          {verdict.reasons.slice(0, MAX_REASONS).map((reason) => (
            <li key={reason.who + reason.text}>
              <StateIcon state={reason.state} />
              <span><a href={href('health')}>{reason.who}</a> {reason.text}</span>
            </li>
          ))}
          {more > 0 && <li><a href={href('health')}>{more} more</a></li>}
        </ul>
      )}
      {overview !== null && (
        <dl class="facts">
          <div><dt>Version</dt><dd>{overview.version}</dd></div>
          <div><dt>Up for</dt><dd>{duration(overview.uptime_s * 1_000)}, since <Time at={overview.started} as="recent" /></dd></div>
          {overview.memory_bytes != null && <div><dt>Memory</dt><dd>{bytes(overview.memory_bytes)}</dd></div>}
          {overview.recorder.store_bytes != null && <div><dt>Records</dt><dd>{bytes(overview.recorder.store_bytes)}</dd></div>}
          <div><dt>WebSockets</dt><dd>{count(overview.sockets)}</dd></div>
        </dl>
      )}
    </section>
  );
}
