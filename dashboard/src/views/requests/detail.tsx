/** One request: what is known of it, and where its time went. */

import type { ComponentChildren } from 'preact';
import { api } from '../../api';
import { NONE, bytes, count, millis, usd } from '../../lib/format';
import { usePoll } from '../../lib/poll';
import { href } from '../../lib/route';
import { FAULT, title } from '../../lib/words';
import type { Exchange } from '../../types';
import { Icon } from '../../ui/icons';
import { Panel } from '../../ui/panel';
import { Copy, Pending } from '../../ui/states';
import { EndingStatus } from '../../ui/status';
import { Time } from '../../ui/time';
import { Waterfall } from './waterfall';

type Fact = readonly [name: string, value: ComponentChildren];

function Facts({ facts }: { facts: Fact[] }) {
  return (
    <dl class="list">
      {facts.map(([name, value]) => (
        <div key={name}><dt>{name}</dt><dd>{value ?? NONE}</dd></div>
      ))}
    </dl>
  );
}

const chosen = (name: 'model' | 'provider' | 'key' | 'session', value: string | null) =>
  value === null ? NONE : <a href={href('requests', null, { tab: 'history', [name]: value })}>{value}</a>;

function asked(of: Exchange): Fact[] {
  return [
    ['Began', <Time at={of.began} />],
    ['Operation', of.operation],
    ['Dialect', of.dialect],
    ['Model', chosen('model', of.model)],
    ['Stream', of.stream ? 'yes' : 'no'],
    ['Key', chosen('key', of.key)],
    ['Session', chosen('session', of.session)],
    ['Request body', bytes(of.request_bytes)],
  ];
}

function answered(of: Exchange): Fact[] {
  return [
    ['Ended', <EndingStatus of={of} />],
    ['Status', of.status],
    ['Error', of.error === null ? NONE : <>{title(of.error)} <code>{of.error}</code></>],
    ['By fault of', of.fault === null ? NONE : FAULT[of.fault]],
    ['Route', of.route === null ? NONE : <code>{of.route}</code>],
    ['Provider', of.provider === null ? NONE : <>{chosen('provider', of.provider)}{of.kind !== null && ` (${of.kind})`}</>],
    ['Model served', of.served_model],
    ["Provider's status", of.upstream_status],
    ['Answer body', bytes(of.response_bytes)],
  ];
}

function used(of: Exchange): Fact[] {
  const { tokens } = of;
  const counted = tokens.input !== null || tokens.output !== null;
  return [
    ['Input', count(tokens.input)],
    ['of it from cache', count(tokens.cache_read)],
    ['of it into cache', count(tokens.cache_write)],
    ['Output', count(tokens.output)],
    ['of it reasoning', count(tokens.reasoning)],
    ['Cost', of.cost_usd === null && counted ? 'unknown: no price for this model' : usd(of.cost_usd)],
    ['Trace', of.trace === null ? NONE : <code class="long">{of.trace.trace}</code>],
    ['Span', of.trace === null ? NONE : <><code>{of.trace.span}</code>{of.trace.parent !== null && <> in <code>{of.trace.parent}</code></>}{of.trace.sampled ? '' : ', not sampled'}</>],
  ];
}

export function RequestDetail({ id }: { id: string }) {
  const request = usePoll(`request ${id}`, 0, (signal) => api.request(id, signal));
  const of = request.data;
  return (
    <>
      <div class="view-head">
        <a class="back" href={href('requests', null, { tab: 'history' })}><Icon name="back" /> Requests</a>
        <h1 class="id">Request <code>{id}</code></h1>
        <Copy text={id} label="Copy the id" />
      </div>
      <Pending of={request} what="the request" />
      {request.error?.status === 404 && <p class="note">It may be under way still, older than the store keeps, or have ended a moment ago: <button type="button" onClick={request.reload}>look again</button></p>}
      {of !== null && (
        <>
          <dl class="facts boxed">
            <div><dt>Ended</dt><dd><EndingStatus of={of} /></dd></div>
            <div><dt>Duration</dt><dd>{millis(of.duration_ms)}</dd></div>
            <div><dt>First byte</dt><dd>{millis(of.first_byte_ms)}</dd></div>
            <div><dt>First token</dt><dd>{millis(of.first_token_ms)}</dd></div>
            <div><dt>Tokens in / out</dt><dd>{count(of.tokens.input)} / {count(of.tokens.output)}</dd></div>
            <div><dt>Cost</dt><dd>{of.cost_usd === null ? 'unknown' : usd(of.cost_usd)}</dd></div>
          </dl>
          <Panel title="Where the time went"><Waterfall of={of} /></Panel>
          <div class="columns three">
            <Panel title="Asked"><Facts facts={asked(of)} /></Panel>
            <Panel title="Answered"><Facts facts={answered(of)} /></Panel>
            <Panel title="Used"><Facts facts={used(of)} /></Panel>
          </div>
        </>
      )}
    </>
  );
}
