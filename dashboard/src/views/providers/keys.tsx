import { count, usd } from '../../lib/format';
import { href } from '../../lib/route';
import { title } from '../../lib/words';
import type { Budget, Key, State } from '../../types';
import { Meter } from '../../ui/meter';
import { Scroll } from '../../ui/panel';
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

function limits(key: Key): string {
  const set = Object.entries(key.limits).filter((pair): pair is [string, string | number] => typeof pair[1] === 'string' || typeof pair[1] === 'number');
  return set.map(([name, value]) => `${title(name)}: ${typeof value === 'number' ? count(value) : value}`).join(', ');
}

function Row({ of }: { of: Key }) {
  return (
    <tr>
      <th scope="row">
        {of.name === null ? <span class="quiet">Without a named key</span> : <a href={href('requests', null, { tab: 'history', key: of.name })}>{of.name}</a>}
      </th>
      <td class="number">{count(of.running)}</td>
      <td class="limits">{limits(of) || <span class="quiet">none</span>}</td>
      <td class="budgets">{of.budget.length === 0 ? <span class="quiet">none</span> : of.budget.map((one) => <BudgetMeter key={one.window} of={one} />)}</td>
    </tr>
  );
}

export function KeyTable({ keys }: { keys: Key[] }) {
  return (
    <>
      <Scroll label="Keys">
        <table class="keys-table">
          <caption class="hidden">Keys with their limits and budgets</caption>
          <thead>
            <tr><th scope="col">Key</th><th scope="col" class="number">Running</th><th scope="col">Limits</th><th scope="col">Budget</th></tr>
          </thead>
          <tbody>{keys.map((key) => <Row key={key.name ?? ''} of={key} />)}</tbody>
        </table>
      </Scroll>
      {keys.every((key) => key.name === null) && <p class="note">There are no named keys: <code>ccproxy keys create NAME</code> makes one; its limits and budget stand in the key file.</p>}
    </>
  );
}
