import { launch } from 'puppeteer-core';
import { required } from './requirement.js';

// Chromium's sandbox does not work as root, which continuous integration uses, and all pages are our own. The other options prevent background
// network requests.
const ARGUMENTS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync',
];

/** The chromium or the firefox of this machine, headless. */
export function launchBrowser(name = 'chromium') {
  const isChromium = name === 'chromium';
  return launch({ browser: isChromium ? 'chrome' : 'firefox', executablePath: required(name), args: isChromium ? ARGUMENTS : [] });
}

/** Opens a page in a context of its own, as if on another computer. */
export async function openPage(browser, url) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  page.problems = [];
  // Firefox also reports each WebSocket that fails.
  page.on('pageerror', (error) => /establish a connection|was interrupted/.test(error) || page.problems.push(String(error)));
  await page.goto(String(url));
  return page;
}
