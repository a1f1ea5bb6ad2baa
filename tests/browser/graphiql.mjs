// The GraphiQL page in a real browser, used as a person uses it. Nothing but the server under test may be asked for
// anything: a request to another place fails the test that made it.
//
//   node graphiql.mjs URL [--query TEXT] [--answer TEXT] [--type TEXT] [--offer NAME]
//
// URL is an endpoint whose page is on. `--query` is run and its answer must hold `--answer`; of `--type`, typed into an
// empty selection, the editor must offer `--offer`. Ends with a line that counts, and with status 1 where something failed.

import process from 'node:process';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const BROWSER = process.env.CHROMIUM ?? '/usr/bin/chromium';
const PATIENCE_MS = 30_000;

const { values: wanted, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    query: { type: 'string', default: '{ __typename }' },
    answer: { type: 'string', default: '__typename' },
    type: { type: 'string', default: '__ty' },
    offer: { type: 'string', default: '__typename' },
  },
});
const [address] = positionals;
if (!address) {
  console.error('usage: node graphiql.mjs URL [--query TEXT] [--answer TEXT] [--type TEXT] [--offer NAME]');
  process.exit(2);
}

const flags = ['--disable-gpu', '--disable-background-networking', '--no-first-run'];
// Chromium refuses its sandbox to the root user, which is who runs tests in containers.
if (process.getuid() === 0) flags.push('--no-sandbox');
const browser = await chromium.launch({ executablePath: BROWSER, args: flags });
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
page.setDefaultTimeout(PATIENCE_MS);

const home = new URL(address);
const complaints = { foreign: [], broken: [], console: [] };
await page.route('**/*', (route, request) => {
  const target = new URL(request.url());
  if (target.protocol === 'data:' || target.host === home.host) return route.continue();
  complaints.foreign.push(target.href);
  return route.abort();
});
page.on('requestfailed', request => complaints.broken.push(`${request.url()}: ${request.failure()?.errorText}`));
page.on('response', response => response.status() >= 400 && complaints.broken.push(`${response.url()}: ${response.status()}`));
page.on('console', message => message.type() === 'error' && complaints.console.push(message.text()));
page.on('pageerror', error => complaints.console.push(String(error)));

const EDITOR = '.graphiql-query-editor .view-lines';

/** Empties the editor and writes into it in one piece: typed key by key, brackets would close themselves. */
async function write(text) {
  await page.click(EDITOR);
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Delete');
  await page.keyboard.insertText(text);
}

/** The text of an element as a person reads it: the editor draws spaces as no-break ones. */
const read = selector => page.locator(selector).innerText().then(text => text.replaceAll('\u00a0', ' '));

/** Tries until it holds: the schema reaches the editor's worker late. */
async function eventually(what, attempt) {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    if (await attempt()) return;
    if (Date.now() > until) throw new Error(`${what}, but it did not come within ${PATIENCE_MS} ms`);
    await page.waitForTimeout(200);
  }
}

const none = list => () => {
  if (list.length > 0) throw new Error(list.slice(0, 3).join('; '));
};

const steps = [
  ['the page loads and shows the editor', async () => {
    await page.goto(home.href, { waitUntil: 'load' });
    await page.waitForSelector(EDITOR);
  }],
  ['a query is answered', async () => {
    await write(wanted.query);
    await page.click('.graphiql-execute-button');
    await eventually(`the answer should hold ${wanted.answer}`, async () => (await read('.graphiql-response')).includes(wanted.answer));
  }],
  ['a field name is offered', async () => {
    await eventually(`${wanted.offer} should be offered`, async () => {
      await write('{ ');
      await page.keyboard.type(wanted.type, { delay: 40 });
      await page.keyboard.press('Control+Space');
      const offer = page.locator('.suggest-widget.visible .monaco-list-row', { hasText: wanted.offer });
      const came = await offer.first().waitFor({ timeout: 2000 }).then(() => true, () => false);
      await page.keyboard.press('Escape');
      return came;
    });
  }],
  ['a wrong field is underlined', async () => {
    await write('{ thisFieldIsNotThere }');
    await page.waitForSelector('.graphiql-query-editor .squiggly-error');
  }],
  ['nothing was asked of another host', none(complaints.foreign)],
  ['no request failed', none(complaints.broken)],
  ['the console holds no error', none(complaints.console)],
];

let failed = 0;
for (const [name, step] of steps) {
  try {
    await step();
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}: ${error.message.split('\n')[0]}`);
  }
}
await browser.close();
console.log(`${steps.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
