/** What changed last, in words. */

import { STATE, title } from '../../lib/words';
import type { Transition } from '../../types';
import { Panel, Scroll } from '../../ui/panel';
import { Status } from '../../ui/status';
import { Time } from '../../ui/time';

const SHOWN = 30;

export function Changes({ changes }: { changes: Transition[] }) {
  const last = [...changes].sort((a, b) => Date.parse(b.at) - Date.parse(a.at)).slice(0, SHOWN);
  return (
    <Panel title="Last changes" aside={changes.length > SHOWN ? `${SHOWN} of ${changes.length} in 24 hours` : undefined}>
      {last.length === 0 ? <p class="quiet">Nothing has changed in the last 24 hours.</p> : (
        <Scroll label="Last changes">
          <table>
            <caption class="hidden">Last changes of health</caption>
            <thead>
              <tr><th scope="col">When</th><th scope="col">What</th><th scope="col">From</th><th scope="col">To</th><th scope="col">Why</th></tr>
            </thead>
            <tbody>
              {last.map((change) => (
                <tr key={change.at + change.plugin + change.component}>
                  <td class="nowrap"><Time at={change.at} as="recent" /></td>
                  <th scope="row">{title(change.component)}{change.plugin !== '' && <span class="tag">{change.plugin}</span>}</th>
                  <td class="nowrap quiet">{STATE[change.from]}</td>
                  <td class="nowrap"><Status state={change.to} /></td>
                  <td class="wide">{change.output ?? ''}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Panel>
  );
}
