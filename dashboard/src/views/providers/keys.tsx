import type { ComponentChildren } from 'preact';
import { count, usd } from '../../lib/format';
import { href } from '../../lib/route';
import { title } from '../../lib/words';
import type { Budget, Key, Keys, Limited, State } from '../../types';
import { Meter } from '../../ui/meter';
import { Scroll } from '../../ui/panel';
import { Status } from '../../ui/status';
import { Time } from '../../ui/time';

const WINDOW: Record<Budget['window'], string> = { day: 'Today', week: 'This week', month: 'This month' };
/** From this share on it is worth a look. */
const MUCH = 0.8;

function BudgetMeter({ of }: { of: Budget }) {
  const share = of.limit_usd > 0 ? of.spent_usd / of.limit_usd : 1;
  const state: State = share >= 1 ? 'fail' : share >= MUCH ? 'warn' : 'pass';
  return (
    <div class="budget">
      <Meter label={WINDOW[of.window]} value={of.spent_usd} max={of.limit_usd} text={`${usd(of.spent_usd)} of ${usd(of.limit_usd)}`} state={state} />
      <span class="quiet small">{share >= 1 ? 'used up; anew ' : 'anew '}<Time at={of.resets} as="ago" /></span>
    </div>
  );
}

function limits(of: Limited): string {
  const set = Object.entries(of.limits).filter(([, value]) => value !== null);
  return set.map(([name, value]) => `${title(name)}: ${typeof value === 'number' ? count(value) : String(value)}`).join(', ');
}

/** What a key is good for, and until when. */
function Scope({ of }: { of: Key }) {
  const only = [...(of.models ?? []), ...(of.providers ?? []).map((name) => `at ${name}`)];
  return (
    <>
      {only.length > 0 && <span class="sub">only {only.join(', ')}</span>}
      {of.revoked != null && <span class="sub"><Status state="fail" text="Revoked" /></span>}
      {of.expires != null && <span class="sub">good until <Time at={of.expires} /></span>}
    </>
  );
}

function Row({ name, of }: { name: ComponentChildren; of: Limited }) {
  const budgets = of.budget ?? [];
  return (
    <tr>
      <th scope="row">{name}</th>
      <td class="number">{count(of.running)}</td>
      <td class="limits">{limits(of) || <span class="quiet">none</span>}</td>
      <td class="budgets">{budgets.length === 0 ? <span class="quiet">none</span> : budgets.map((one) => <BudgetMeter key={one.window} of={one} />)}</td>
    </tr>
  );
}

export function KeyTable({ of: { keys, anonymous } }: { of: Keys }) {
  return (
    <>
      <Scroll label="Keys">
        <table class="keys-table">
          <caption class="hidden">Keys with their limits and budgets</caption>
          <thead>
            <tr><th scope="col">Key</th><th scope="col" class="number">Running</th><th scope="col">Limits</th><th scope="col">Budget</th></tr>
          </thead>
          <tbody>
            {keys.map((key) => (
              <Row key={key.name} of={key} name={<><a href={href('requests', null, { tab: 'history', key: key.name })}>{key.name}</a><Scope of={key} /></>} />
            ))}
            {anonymous !== undefined && <Row of={anonymous} name={<span class="quiet">Without a named key</span>} />}
          </tbody>
        </table>
      </Scroll>
      {keys.length === 0 && <p class="note">There are no keys: <code>ccproxy keys create NAME</code> makes one; its limits and budget stand in the key file.</p>}
    </>
  );
}
