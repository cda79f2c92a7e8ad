import { NONE, count, duration, millis } from '../../lib/format';
import { href } from '../../lib/route';
import { title } from '../../lib/words';
import type { Credential, Provider, RateLimit, State } from '../../types';
import { Meter } from '../../ui/meter';
import { Panel } from '../../ui/panel';
import { Status } from '../../ui/status';
import { Time } from '../../ui/time';

const BREAKER: Record<Provider['breaker'], [State, string]> = {
  closed: ['pass', 'Closed'],
  half_open: ['warn', 'Half open: tries again'],
  open: ['fail', 'Open: left alone'],
};

/** Below so many percent of a limit there is little room, as the check of rate limits has it. */
const LITTLE = 10;

function RoomMeter({ of: { limit, percent, resets_in_ms: wait } }: { of: RateLimit }) {
  const state: State = percent <= 0 ? 'fail' : percent < LITTLE ? 'warn' : 'pass';
  const soon = wait > 0 ? ` · more in ${duration(wait)}` : '';
  return <Meter label={`${title(limit)} left`} value={percent} max={100} text={`${percent} %${soon}`} state={state} />;
}

function Standing({ of }: { of: Credential }) {
  const expired = of.expires !== null && Date.parse(of.expires) < Date.now();
  return (
    <span class="quiet small">
      {!of.usable && !expired && 'cannot be used '}
      {of.resting_ms !== null && `rests ${duration(of.resting_ms)}${of.expires === null ? '' : ', '}`}
      {of.expires !== null && <>{expired ? 'expired' : 'expires'} <Time at={of.expires} as="ago" /></>}
    </span>
  );
}

export function ProviderCard({ of }: { of: Provider }) {
  const [breaker, breakerText] = BREAKER[of.breaker];
  const credentials = of.credentials ?? [];
  return (
    <Panel title={of.name} aside={<><span class="tag">{of.kind}</span><Status state={of.status} /></>} class="card">
      <dl class="list">
        <div><dt>Breaker</dt><dd><Status state={breaker} text={breakerText} /></dd></div>
        {of.started === false && <div><dt>Start</dt><dd><Status state="warn" text="It has not started yet" /></dd></div>}
        {of.shut_ms !== null && <div><dt>Rests</dt><dd><Status state="warn" text={`for ${duration(of.shut_ms)} more; others are asked`} /></dd></div>}
        <div><dt>First byte</dt><dd>{of.latency_ms === null ? NONE : `${millis(of.latency_ms)} on average`}</dd></div>
        <div><dt>Speaks</dt><dd>{of.dialects.join(', ') || NONE}</dd></div>
        {of.concurrency === null && <div><dt>Running</dt><dd>{count(of.running)}, no limit</dd></div>}
      </dl>
      {of.concurrency !== null && (
        <Meter label="Running" value={of.running} max={of.concurrency} text={`${count(of.running)} of ${count(of.concurrency)}`} state={of.running >= of.concurrency ? 'warn' : 'pass'} />
      )}
      {of.rate_limit === null ? <p class="quiet small">It tells nothing of its rate limits.</p> : <RoomMeter of={of.rate_limit} />}
      {credentials.length > 0 && (
        <>
          <h3>Credentials</h3>
          <ul class="credentials">
            {credentials.map((one) => (
              <li key={one.name}>
                <Status
                  state={one.usable ? (one.resting_ms === null ? 'pass' : 'warn') : 'fail'}
                  text={one.name}
                />
                <Standing of={one} />
              </li>
            ))}
          </ul>
        </>
      )}
      <p class="links">
        <a href={href('traffic', null, { provider: of.name })}>Traffic<span class="hidden"> of {of.name}</span></a>
        <a href={href('requests', null, { tab: 'history', provider: of.name, ending: 'failed' })}>Failures<span class="hidden"> of {of.name}</span></a>
        <a href={href('health')}>Checks<span class="hidden"> of {of.name}</span></a>
      </p>
    </Panel>
  );
}
