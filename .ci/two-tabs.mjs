// Opens a page in two tabs, writes in each, and expects both to show it, and a third one that comes later, too. Signs in where the page asks
// for a name. Run with: node two-tabs.mjs http://localhost:5000/
import assert from 'node:assert/strict';
import { launchBrowser, openPage } from '../clients/js/test/support/browser.js';

const [, , url] = process.argv;

const browser = await launchBrowser();
try {
  const ann = await open('Ann');
  const ben = await open('Ben');
  await write(ann, 'hello');
  await shows(ben, ['hello']);
  await write(ben, 'who is there?');
  await shows(ann, ['hello', 'who is there?']);
  await shows(await open('Cyd'), ['hello', 'who is there?']);
  console.log(`Two tabs of ${url} see what the other one writes, and a third one sees it later.`);
} finally {
  await browser.close();
}

/** Each tab has its own cookies, like another visitor. */
async function open(name) {
  const page = await openPage(browser, url);
  if (await page.$('#login')) {
    await page.type('#name', name);
    await page.click('#login button');
  }
  await page.waitForFunction(() => document.getElementById('state').textContent === 'live', { timeout: 20_000 })
    .catch(() => assert.fail(`The page does not connect. ${page.problems}`));
  return page;
}

async function write(page, text) {
  await page.type('#text', text);
  await page.click('#send button');
}

/** The messages of a page with a sign-in begin with the name of their author. */
async function shows(page, texts) {
  const read = () => [...document.querySelectorAll('#messages li')].map(item => item.textContent);
  const count = texts.length;
  await page.waitForFunction(count => document.querySelectorAll('#messages li').length >= count, { timeout: 20_000 }, count)
    .catch(async () => assert.fail(`Expected ${texts}, the page shows ${await page.evaluate(read)}`));
  assert.deepEqual((await page.evaluate(read)).map(text => text.replace(/^(Ann|Ben|Cyd): /, '')), texts);
}
