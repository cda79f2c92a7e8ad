/** Calls of providers and what came of them, on one axis of time. It is a table; the bars only show what its cells say. */

import { NONE, millis } from '../../lib/format';
import { title } from '../../lib/words';
import type { Exchange, State } from '../../types';
import { Scroll } from '../../ui/panel';
import { Status } from '../../ui/status';

interface Step {
  name: string;
  about: string;
  from: number;
  to: number;
  color: string;
  state: State | null;
  result: string;
}

function steps(of: Exchange): Step[] {
  const calls = of.attempts.map((call, at): Step => {
    const good = call.error === null && call.status !== null && call.status < 400;
    return {
      name: `Call ${at + 1}`,
      about: call.model === null ? call.provider : `${call.provider} / ${call.model}`,
      from: call.after_ms,
      to: call.after_ms + call.duration_ms,
      color: good ? 'c1' : 'bad',
      state: good ? 'pass' : 'fail',
      result: [call.status, call.error === null ? null : title(call.error)].filter((one) => one !== null).join(', ') || NONE,
    };
  });
  const first = of.attempts[0]?.after_ms ?? of.first_byte_ms ?? of.duration_ms;
  const result: Step[] = [];
  if (first > 0) result.push({ name: 'In ccproxy', about: 'taking it in, limits, choosing', from: 0, to: first, color: 'c7', state: null, result: '' });
  result.push(...calls);
  const head = of.attempts.at(-1);
  const began = head === undefined ? null : head.after_ms + head.duration_ms;
  if (of.first_token_ms !== null && began !== null && of.first_token_ms > began) {
    result.push({ name: 'Waiting', about: 'from the head of the answer to its first token', from: began, to: of.first_token_ms, color: 'c4', state: null, result: '' });
  }
  const streaming = of.first_token_ms ?? of.first_byte_ms;
  if (streaming !== null && of.duration_ms > streaming) {
    result.push({ name: 'Answer', about: of.stream ? 'from the first token to the end' : 'to the end', from: streaming, to: of.duration_ms, color: 'c3', state: null, result: '' });
  }
  return result;
}

/** A bar that can always be seen. */
const LEAST = 0.4;

export function Waterfall({ of }: { of: Exchange }) {
  const end = Math.max(of.duration_ms, ...of.attempts.map((call) => call.after_ms + call.duration_ms), 0.001);
  const share = (ms: number) => Math.min((ms / end) * 100, 100 - LEAST);
  const marks: [name: string, at: number | null][] = [['first byte', of.first_byte_ms], ['first token', of.first_token_ms], ['end', of.duration_ms]];
  return (
    <Scroll label="Where the time went">
      <table class="waterfall">
        <caption class="hidden">Where the time went</caption>
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col" class="axis"><span>0</span><span>{millis(end / 2)}</span><span>{millis(end)}</span></th>
            <th scope="col" class="number">From</th>
            <th scope="col" class="number">Took</th>
            <th scope="col">Result</th>
          </tr>
        </thead>
        <tbody>
          {steps(of).map((step) => (
            <tr key={step.name + step.from}>
              <th scope="row">{step.name}<span class="sub">{step.about}</span></th>
              <td class="track" aria-hidden="true">
                <i style={{ left: `${share(step.from)}%`, width: `${Math.max(share(step.to) - share(step.from), LEAST)}%`, background: `var(--${step.color})` }} />
              </td>
              <td class="number nowrap">{millis(step.from)}</td>
              <td class="number nowrap">{millis(step.to - step.from)}</td>
              <td class="nowrap">{step.state === null ? step.result : <Status state={step.state} text={step.result} />}</td>
            </tr>
          ))}
          <tr class="marks">
            <th scope="row">Moments</th>
            <td class="track" aria-hidden="true">
              {marks.map(([name, at]) => at !== null && <i key={name} class="mark" style={{ left: `${share(at)}%` }} title={name} />)}
            </td>
            <td colSpan={3}>{marks.map(([name, at]) => <span key={name} class="moment">{name} <b>{millis(at)}</b></span>)}</td>
          </tr>
        </tbody>
      </table>
    </Scroll>
  );
}
