import { href } from '../../lib/route';
import { NONE } from '../../lib/format';
import { title } from '../../lib/words';
import type { Exchange } from '../../types';
import { EndingStatus, Status } from '../../ui/status';
import { Time } from '../../ui/time';

export function LastFailures({ requests }: { requests: Exchange[] }) {
  if (requests.length === 0) return <p class="quiet"><Status state="pass" text="No failure in the last 7 days." /></p>;
  return (
    <ul class="failures">
      {requests.map((one) => (
        <li key={one.id + one.began}>
          <a href={href('requests', one.id)}>
            <span class="what">{one.error === null ? 'Error' : title(one.error)}{one.status !== null && <span class="code">{one.status}</span>}</span>
            <span class="when"><Time at={one.began} as="ago" /></span>
            <span class="who">{one.model ?? one.operation} at {one.provider ?? NONE}</span>
            <span class="whose"><EndingStatus of={one} /></span>
          </a>
        </li>
      ))}
    </ul>
  );
}
