// What holds for every view, before the mock server or before a real ccproxy (BASE_URL, DASHBOARD_TOKEN).

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { launch, open, settled } from './browser.mjs';
import { start } from './mock.mjs';

const AXE = await readFile(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const token = process.env.DASHBOARD_TOKEN;
const VIEWS = ['overview', 'health', 'traffic', 'traffic?range=7d', 'spend', 'spend?range=24h&by=key', 'requests', 'requests?tab=history', 'providers', 'config'];

let browser;
let mock;
let base;

before(async () => {
  browser = await launch();
  mock = process.env.BASE_URL === undefined ? await start() : null;
  base = process.env.BASE_URL ?? mock.url;
});
after(async () => {
  await browser.close();
  await mock?.stop();
});

async function visit(hash, options) {
  const opened = await open(browser, options);
  if (token !== undefined) await opened.page.addInitScript((secret) => sessionStorage.setItem('ccproxy.token', secret), token);
  await opened.page.goto(`${base}/dashboard#/${hash}`);
  await settled(opened.page);
  return opened;
}

/** The views, and one request if there is any. */
async function places() {
  const { context, page } = await visit('requests?tab=history&range=90d');
  const link = await page.locator('table.requests tbody a').first().getAttribute('href', { timeout: 2_000 }).catch(() => null);
  await context.close();
  return link === null ? VIEWS : [...VIEWS, link.replace(/^#\//, '')];
}

test('every view renders, breaks no policy and has no accessibility violation, light and dark', async () => {
  for (const place of await places()) {
    for (const colorScheme of ['light', 'dark']) {
      const { context, page, complaints } = await visit(place, { colorScheme });
      assert.equal(await page.locator('h1').count(), 1, `${place}: one heading`);
      assert.equal(await page.locator('.failure').count(), 0, `${place}: ${await page.locator('main').innerText()}`);
      assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), colorScheme);
      // Closed tables are part of the page, too.
      for (const table of await page.locator('details.as-table summary').all()) await table.click();
      await page.evaluate(AXE);
      const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
      const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join('; ')}`);
      assert.deepEqual(told, [], `${place} ${colorScheme}`);
      assert.deepEqual(complaints, [], `${place} ${colorScheme}`);
      await context.close();
    }
  }
});

test('nothing scrolls sideways on a phone', async () => {
  for (const place of await places()) {
    for (const width of [360, 768]) {
      const { context, page } = await visit(place, { viewport: { width, height: 740 } });
      const [inner, outer] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
      assert.ok(inner <= outer, `${place} at ${width}: ${inner} is wider than ${outer}`);
      await context.close();
    }
  }
});

test('the policy and the headers of the page are strict', async () => {
  const response = await fetch(`${base}/dashboard`);
  const policy = response.headers.get('content-security-policy');
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe/);
  assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
});
