// What the page does, before the mock server.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { launch, open, settled } from './browser.mjs';
import { start } from './mock.mjs';

let browser;
let mock;
let context;
let page;
let complaints;

before(async () => {
  browser = await launch();
});
after(() => browser.close());
beforeEach(async () => {
  mock = await start();
  ({ context, page, complaints } = await open(browser));
});
afterEach(async () => {
  await context.close();
  await mock.stop();
  assert.deepEqual(complaints, []);
});

async function visit(hash) {
  await page.goto(`${mock.url}/dashboard#/${hash}`);
  await settled(page);
}

const text = (selector) => page.locator(selector).first().innerText();
/** The last request of this path, once it has been made. */
async function asked(path, ...parts) {
  const has = (url) => url.startsWith(path) && parts.every((part) => url.includes(part));
  for (let tries = 0; tries < 100; tries += 1) {
    const found = mock.asked.findLast(has);
    if (found !== undefined) return found;
    await page.waitForTimeout(50);
  }
  throw new Error(`nobody asked for ${path} with ${parts}; last: ${mock.asked.slice(-8).join('\n')}`);
}

test('the verdict says what is wrong, in words', async () => {
  await visit('overview');
  assert.equal(await text('.headline'), '1 provider of 4 failing');
  assert.match(await text('.reasons'), /local\s*its breaker is open/);
  mock.options.mood = 'well';
  await page.reload();
  await page.getByText('Healthy', { exact: true }).waitFor();
  mock.options.mood = 'fail';
  await page.reload();
  await page.getByText('Failing', { exact: true }).waitFor();
  assert.match(await text('.reasons'), /Disk\s*1.4 % free/);
  mock.options.phase = 'starting';
  await page.reload();
  await page.getByText('Starting', { exact: true }).waitFor();
});

test('a refused request leads to signing in, and a token to the view', async () => {
  mock.options.token = 'secret-token';
  mock.options.key = 'a-clients-key';
  await page.goto(`${mock.url}/dashboard#/requests?tab=history`);
  const field = page.getByLabel('Token', { exact: true });
  await field.fill('wrong');
  await field.press('Enter');
  await page.getByText('That one was refused').waitFor();
  await page.getByText('the key is not known here').waitFor();
  await field.fill(mock.options.key);
  await field.press('Enter');
  await page.getByText('a client\'s key does not show this').waitFor();
  await field.fill('secret-token');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('table.requests tbody tr').first().waitFor();
  assert.ok(mock.asked.every((url) => !url.includes('secret-token')), 'no token stands in an address');
  assert.ok(!page.url().includes('secret-token'));
  await page.reload();
  await page.locator('table.requests tbody tr').first().waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Token', { exact: true }).waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  assert.doesNotMatch(await page.evaluate(() => JSON.stringify({ ...localStorage }) + document.cookie), /secret-token/);
});

test('live events carry the token, and show what is new', async () => {
  mock.options.token = 'secret-token';
  await page.addInitScript(() => sessionStorage.setItem('ccproxy.token', 'secret-token'));
  await visit('requests');
  await page.locator('.link.open').waitFor();
  const one = { ...mock.record(), model: 'a-new-model' };
  mock.tell(one);
  await page.getByText('a-new-model').waitFor();
});

test('the live rows are bounded, can be paused and filtered', async () => {
  await visit('requests');
  await page.locator('.link.open').waitFor();
  for (let at = 0; at < 700; at += 1) mock.tell(mock.record());
  await page.waitForFunction(() => document.querySelectorAll('table.requests tbody tr').length === 500);
  await page.keyboard.press('p');
  const first = await text('table.requests tbody tr');
  for (let at = 0; at < 600; at += 1) mock.tell({ ...mock.record(), key: 'while-paused' });
  await page.getByText('Paused; 500 or more wait').waitFor();
  assert.equal(await text('table.requests tbody tr'), first);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByText('while-paused').first().waitFor();
  assert.equal(await page.locator('table.requests tbody tr').count(), 500);
  mock.tell({ ...mock.record(), model: 'needle' });
  await page.keyboard.press('/');
  await page.keyboard.type('needle');
  await page.waitForFunction(() => document.querySelectorAll('table.requests tbody tr').length === 1);
  assert.match(page.url(), /q=needle/);
});

test('filters stand in the address and in the question', async () => {
  await visit('traffic');
  await page.getByLabel('Provider').selectOption('claude');
  await asked('/api/usage', 'bucket=minute', 'provider=claude');
  assert.match(page.url(), /provider=claude/);
  await page.getByRole('button', { name: '24 hours' }).click();
  await asked('/api/usage', 'since=24h', 'bucket=hour', 'provider=claude');
  await page.goBack();
  await page.getByRole('button', { name: '1 hour', pressed: true }).waitFor();
  await visit('requests?tab=history&ending=failed&fault=upstream');
  await asked('/api/requests?', 'ending=failed', 'fault=upstream', 'since=24h');
  assert.equal(await page.locator('.requests .status', { hasText: 'Done' }).count(), 0);
});

test('the history turns pages and comes back', async () => {
  await visit('requests?tab=history&range=30d');
  const first = await text('table.requests tbody');
  await page.getByRole('button', { name: 'Older' }).click();
  await page.getByText('Page 2').waitFor();
  await asked('/api/requests?', 'cursor=100');
  await page.waitForFunction((before) => document.querySelector('table.requests tbody')?.innerText !== before, first);
  await page.getByRole('button', { name: 'Newer' }).click();
  await page.getByText('Page 1').waitFor();
  await page.waitForFunction((before) => document.querySelector('table.requests tbody')?.innerText === before, first);
});

test('one request is told in full', async () => {
  let one = mock.record();
  while (one.attempts.length < 2) one = mock.record();
  mock.tell(one);
  await visit(`requests/${one.id}`);
  const told = await page.locator('main').innerText();
  for (const part of [one.id, one.model, one.operation, one.provider, 'Call 1', 'Call 2', '529, Overloaded']) assert.ok(told.includes(part), part);
  await visit('requests/nowhere');
  await page.getByText('no such request is kept').waitFor();
});

test('what has no known price is never said to be free', async () => {
  await visit('spend');
  const row = page.locator('table.spend tr', { hasText: 'fast' });
  assert.match(await row.innerText(), /unknown/);
  assert.doesNotMatch(await row.innerText(), /\$0/);
  await page.getByText('whose price is not known').waitFor();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as CSV' }).click();
  assert.equal((await download).suggestedFilename(), 'ccproxy-spend-30d.csv');
});

test('everything can be done with the keyboard', async () => {
  await visit('overview');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  await page.keyboard.press('g');
  await page.keyboard.press('h');
  await page.getByRole('heading', { name: 'Health', level: 1 }).waitFor();
  await settled(page);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  await page.locator('.strip-bar').first().focus();
  await page.keyboard.press('ArrowLeft');
  assert.match(await text('.strip-text:not(:empty)'), /^Warning: .*takes a restart/);
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Help' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('g');
  await page.keyboard.press('t');
  const chart = page.getByRole('img', { name: /^Requests per minute/ });
  await chart.focus();
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowLeft');
  assert.match(await text('.chart [aria-live]'), /Done \d+, Client gone/);
  await page.keyboard.press('?');
  await page.getByLabel('Shortcuts are on').uncheck();
  await page.keyboard.press('Escape');
  await page.keyboard.press('g');
  await page.keyboard.press('o');
  assert.match(page.url(), /#\/traffic/);
});

test('health follows events', async () => {
  await visit('health');
  await page.locator('.link.open').waitFor();
  mock.options.mood = 'fail';
  mock.transition({ number: 1, time: new Date().toISOString(), component: 'disk(data)', from: 'pass', to: 'fail', reason: 'full' });
  await page.locator('.check-row.fail', { hasText: 'Disk' }).waitFor();
});

test('orders ask first, and explain a refusal', async () => {
  await visit('config');
  await page.getByRole('button', { name: 'Drain…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Drain' }).click();
  await page.getByText('this needs more rights').waitFor();
  assert.match(await text('dialog pre'), /curl -X POST .*\/drain/);
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('form.panel').count(), 0, 'it is no reason to sign in');
  mock.options.orders = 'managers';
  await page.getByRole('button', { name: 'Drain…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Drain' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Sign in with it' }).click();
  await page.getByLabel('Token', { exact: true }).fill('managers');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Drain…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Drain' }).click();
  await page.getByText('{"phase":"draining"}').waitFor();
  assert.equal(mock.origins.at(-1), mock.url, 'the browser says whose page orders');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Undrain…' }).waitFor();
  await page.getByLabel('Search').fill('store');
  await page.getByText('1 lines have it').waitFor();
});

test('a page under a name that is not the server\'s own shows nothing, and says what to do', async () => {
  const url = mock.url.replace('127.0.0.1', 'evil.example');
  await page.route(`${url}/**`, async (route) => {
    const answer = await route.fetch({ url: route.request().url().replace('evil.example', '127.0.0.1') });
    if (!route.request().url().includes('/api/')) return route.fulfill({ response: answer });
    return route.fulfill({ status: 421, json: { error: { message: 'this proxy goes by no such name' } } });
  });
  await page.goto(`${url}/dashboard#/providers`);
  await page.getByText('this proxy goes by no such name').first().waitFor();
  await page.getByText('[server] allowed_hosts').first().waitFor();
  complaints.length = 0; // The browser notes each 421.
});

test('an empty store shows a first request, a missing one says so, on a phone too', async () => {
  await page.setViewportSize({ width: 360, height: 740 });
  const fits = async () => assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  mock.options.empty = true;
  await visit('overview');
  await page.getByText('curl http://127.0.0.1:8000/v1/chat/completions').waitFor();
  await fits();
  await visit('traffic');
  await page.getByText('curl http').waitFor();
  await fits();
  mock.options.store = false;
  await visit('spend');
  await page.getByText('the store is switched off').first().waitFor();
  await fits();
});

test('what fails keeps its last figures and says that they are old', async () => {
  await visit('providers');
  await page.route('**/api/providers', (route) => route.abort());
  await page.getByText('Not up to date: ccproxy cannot be reached.').waitFor();
  await page.locator('.card', { hasText: 'codex' }).waitFor();
  await page.unroute('**/api/providers');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.locator('.failure').waitFor({ state: 'detached' });
});

/** A minute of the page's clock, in which answers come as fast as they come. */
async function minute() {
  const begun = mock.asked.length;
  for (let at = 0; at < 20; at += 1) {
    await page.clock.runFor(3_000);
    await page.evaluate(() => fetch('/dashboard').then((response) => response.text()));
  }
  return mock.asked.length - begun;
}

function hide(hidden) {
  return page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { value, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
}

test('a page asks little, and nothing while nobody looks', async () => {
  await page.clock.install();
  for (const view of ['overview', 'health', 'traffic', 'spend', 'requests', 'providers', 'config']) {
    await visit(view);
    const asks = await minute();
    assert.ok(asks <= 60, `${view}: ${asks} requests in a minute`);
  }
  await visit('overview');
  assert.ok(await minute() >= 10);
  await hide(true);
  assert.equal(await minute(), 0);
  const before = mock.asked.length;
  await hide(false);
  await page.waitForResponse('**/api/overview');
  assert.ok(mock.asked.length > before);
});

test('colours follow the system until one is chosen', async () => {
  await visit('overview');
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  assert.equal(await theme(), 'light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.waitForFunction(() => document.documentElement.dataset.theme === 'dark');
  await page.getByRole('button', { name: /^Colours/ }).click();
  assert.equal(await theme(), 'light');
  await page.reload();
  await settled(page);
  assert.equal(await theme(), 'light');
});
