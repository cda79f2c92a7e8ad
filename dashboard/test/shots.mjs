// Pictures of every view: `node test/shots.mjs [FOLDER] [NAME…]`, of the mock server or of BASE_URL. Smaller with pngquant.

import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { launch, open } from './browser.mjs';
import { start } from './mock.mjs';

const [folder = 'shots', ...wanted] = process.argv.slice(2);
const mock = process.env.BASE_URL === undefined ? await start({ scale: 5 }) : null;
const base = process.env.BASE_URL ?? mock.url;

/** One that took two calls, and not too long. */
function requestId() {
  let one = mock.record();
  while (one.attempts.length < 2 || one.first_token_ms === null || one.duration_ms > 6_000) one = mock.record();
  mock.tell(one);
  return one.id;
}

const VIEWS = {
  overview: '#/overview', health: '#/health', traffic: '#/traffic?range=24h', spend: '#/spend', requests: '#/requests',
  history: '#/requests?tab=history', request: mock === null ? null : `#/requests/${requestId()}`, providers: '#/providers', config: '#/config',
};

await mkdir(folder, { recursive: true });
const browser = await launch();
const shapes = [['light', 1280, 864], ['dark', 1280, 864], ['narrow', 390, 844]];
for (const [view, hash] of Object.entries(VIEWS)) {
  for (const [shape, width, height] of shapes) {
    const name = `dashboard-${view}-${shape}`;
    if (hash === null || (wanted.length > 0 && !wanted.some((one) => name.includes(one)))) continue;
    const { context, page } = await open(browser, { viewport: { width, height }, colorScheme: shape === 'dark' ? 'dark' : 'light' });
    if (mock !== null) mock.options.rate = view === 'requests' ? 2 : 0;
    await page.goto(`${base}/dashboard${hash}`);
    await page.waitForSelector('main .panel, main .verdict');
    await page.waitForFunction(() => document.querySelector('.loading') === null);
    if (view === 'requests') await page.waitForTimeout(2_500);
    else await page.waitForTimeout(400);
    const path = `${folder}/${name}.png`;
    await page.screenshot({ path, fullPage: process.env.FULL !== undefined });
    spawnSync('pngquant', ['--force', '--skip-if-larger', '--strip', '--output', path, '64', path]);
    await context.close();
  }
}
await browser.close();
await mock?.stop();
