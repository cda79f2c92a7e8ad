/** The checks of the core or of one provider. */

import { changesOf, namesOf, spans } from '../../lib/history';
import { NONE, bytes, millis, moment } from '../../lib/format';
import { title as words } from '../../lib/words';
import type { Check, Health, Transition } from '../../types';
import { Panel } from '../../ui/panel';
import { Status } from '../../ui/status';
import { Strip } from '../../ui/strip';
import { Time } from '../../ui/time';

const DAY_MS = 86_400_000;

/** A value with its unit, as short as it stays true. */
function observed(check: Check): string | null {
  const { observedValue: value, observedUnit: unit } = check;
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') {
    if (unit === 'ms') return millis(value);
    if (unit === 'bytes') return bytes(value);
    // When the configuration in force was read.
    if (unit === 'unix_seconds') return moment(new Date(value * 1_000));
  }
  const text = typeof value === 'number' ? new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 }).format(value) : String(value);
  return unit === undefined ? text : `${text}${unit === '%' || unit === 'percent' ? ' %' : ` ${unit}`}`;
}

function state(check: Check) {
  if (check.enabled === false) return <Status state="unknown" text="Switched off" />;
  return check.status === undefined ? <Status state="unknown" text="Idle" /> : <Status state={check.status} />;
}

interface RowProps {
  label: string;
  check: Check;
  names: string[];
  plugin: string;
  /** Since when the process has been there to be asked. */
  started: string | undefined;
  changes: Transition[];
  now: number;
}

function Row({ label, check, names, plugin, started, changes, now }: RowProps) {
  const mine = changesOf(changes, plugin, names);
  const past = spans(mine, check.status ?? 'unknown', check.since ?? started, now - DAY_MS, now);
  const value = observed(check);
  // What the words say already is not said again.
  const apart = value !== null && check.output?.includes(value.replace(/ .*/, '')) !== true;
  const ill = check.status === 'warn' || check.status === 'fail';
  return (
    <tr class={`check-row ${check.status ?? 'unknown'}`}>
      <th scope="row">
        {label}
        {check.critical === true && <span class="tag" title="While it fails, the service is not ready">critical</span>}
      </th>
      <td class="state">{state(check)}</td>
      <td class="since">{check.since === undefined ? NONE : <Time at={check.since} as="ago" />}</td>
      <td class="output">
        {check.output ?? (value === null ? NONE : value)}
        {apart && check.output !== undefined && <span class="value">{value}</span>}
        {ill && check.lastSuccess !== undefined && <span class="value">last well <Time at={check.lastSuccess} as="ago" /></span>}
        {check.affectedEndpoints !== undefined && check.affectedEndpoints.length > 0 && <span class="value">affects {check.affectedEndpoints.join(', ')}</span>}
      </td>
      <td class="past"><Strip name={label} spans={past} /></td>
    </tr>
  );
}

interface Props {
  title: string;
  plugin: string;
  started: string | undefined;
  health: Health;
  changes: Transition[];
}

export function Checks({ title, plugin, started, health, changes }: Props) {
  const now = Date.now();
  const rows = Object.entries(health.checks ?? {}).flatMap(([key, entries]) => entries.map((check) => ({ key, check, alone: entries.length === 1 })));
  return (
    <Panel title={title} aside={<Status state={health.status} />}>
      {health.output !== undefined && <p class="why">{health.output}</p>}
      <table class="checks">
        <caption class="hidden">Checks of {title}</caption>
        <thead>
          <tr>
            <th scope="col">Check</th>
            <th scope="col">State</th>
            <th scope="col">Since</th>
            <th scope="col">What it says</th>
            <th scope="col">Last 24 hours</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, check, alone }) => (
            <Row
              key={`${key} ${check.componentId}`}
              label={alone ? words(key) : `${words(key)} (${check.componentId})`}
              check={check}
              names={namesOf(key, check.componentId, alone)}
              plugin={plugin}
              started={started}
              changes={changes}
              now={now}
            />
          ))}
        </tbody>
      </table>
      {health.notes?.map((note) => <p key={note} class="note">{note}</p>)}
    </Panel>
  );
}
