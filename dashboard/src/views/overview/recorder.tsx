/** Says so where what this page shows may be incomplete. */

import { count } from '../../lib/format';
import type { Overview } from '../../types';
import { StateIcon } from '../../ui/icons';

export function Recorder({ overview }: { overview: Overview }) {
  const { store, lanes } = overview.recorder;
  const troubled = lanes.filter((lane) => lane.failing || lane.dropped > 0);
  if (store !== 'none' && troubled.length === 0) return null;
  return (
    <ul class="reasons boxed" aria-label="Recording">
      {store === 'none' && (
        <li><StateIcon state="unknown" /><span>Nothing is kept: <code>[store] enabled = false</code>. Traffic, spend and requests need the store.</span></li>
      )}
      {troubled.map((lane) => (
        <li key={lane.name}>
          <StateIcon state="warn" />
          <span>
            <b>{lane.name}</b> {lane.failing ? 'cannot write what it is given' : 'was slower than the traffic'}; {count(lane.dropped)} records dropped since the
            start, {count(lane.queued)} of {count(lane.capacity)} waiting. Figures may be too low.
          </span>
        </li>
      ))}
    </ul>
  );
}
