/** Requests as rows. */

import { NONE, compact, millis, usd } from '../../lib/format';
import { href } from '../../lib/route';
import { title } from '../../lib/words';
import type { Exchange } from '../../types';
import { Scroll } from '../../ui/panel';
import { EndingStatus } from '../../ui/status';
import { Time } from '../../ui/time';

function Row({ of }: { of: Exchange }) {
  const used = of.tokens.input !== null || of.tokens.output !== null;
  return (
    <tr>
      <td class="nowrap"><a href={href('requests', of.id)}><Time at={of.began} as="recent" /><span class="hidden"> request {of.id}</span></a></td>
      <td class="nowrap">
        <EndingStatus of={of} />
        {of.error !== null && <span class="sub">{title(of.error)}</span>}
      </td>
      <td class="number">{of.status ?? NONE}</td>
      <td>{of.model ?? <span class="quiet">{of.operation}</span>}{of.served_model !== null && of.served_model !== of.model && <span class="sub">as {of.served_model}</span>}</td>
      <td>{of.provider ?? NONE}{of.attempts.length > 1 && <span class="sub">{of.attempts.length} calls</span>}</td>
      <td>{of.key ?? NONE}</td>
      <td class="number nowrap">{millis(of.first_token_ms)}</td>
      <td class="number nowrap">{millis(of.duration_ms)}</td>
      <td class="number nowrap">{used ? `${compact(of.tokens.input)} / ${compact(of.tokens.output)}` : NONE}</td>
      <td class="number nowrap">{of.cost_usd === null && used ? <span class="quiet">unknown</span> : usd(of.cost_usd)}</td>
    </tr>
  );
}

export function RequestTable({ requests, label }: { requests: Exchange[]; label: string }) {
  return (
    <Scroll label={label}>
      <table class="requests">
        <caption class="hidden">{label}</caption>
        <thead>
          <tr>
            <th scope="col">Began</th>
            <th scope="col">Ended</th>
            <th scope="col" class="number">Status</th>
            <th scope="col">Model</th>
            <th scope="col">Provider</th>
            <th scope="col">Key</th>
            <th scope="col" class="number">First token</th>
            <th scope="col" class="number">Duration</th>
            <th scope="col" class="number">Tokens in / out</th>
            <th scope="col" class="number">Cost</th>
          </tr>
        </thead>
        <tbody>
          {requests.map((one) => <Row key={`${one.id} ${one.began}`} of={one} />)}
        </tbody>
      </table>
    </Scroll>
  );
}
