// Opens the pages of one demo each, and keeps what must be so of all of them.
import { launch, violations } from "./browser.mjs";
import { serve } from "./server.mjs";

/** Serve FOLDER, which has the pages and demo/, and start the browser. */
export async function visit(folder) {
  const server = await serve(folder);
  const home = server.url;
  const browser = await launch();
  const seen = { messages: [], foreign: [], axe: [], wide: [] };

  async function open(name, options = {}) {
    const page = await browser.newPage({ viewport: { width: 1000, height: 900 }, ...options });
    page.sizes = [];
    page.on("console", (message) => seen.messages.push(message.text()));
    page.on("pageerror", (error) => seen.messages.push(error.message));
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(home) && !url.startsWith("data:")) seen.foreign.push(url);
    });
    page.on("requestfinished", (request) => {
      if (request.url().includes("/demo/")) page.sizes.push(request.sizes());
    });
    await page.goto(`${home}${name}.html`);
    await page.waitForSelector("[data-ready]");
    page.usable = await page.evaluate(() => performance.now());
    return page;
  }

  async function kib(page) {
    const sizes = await Promise.all(page.sizes);
    return sizes.reduce((sum, size) => sum + size.responseBodySize, 0) / 1024;
  }

  async function audit(page, name) {
    for (const theme of ["light", "dark"]) {
      await page.evaluate((t) => (document.documentElement.dataset.theme = t), theme);
      for (const v of await violations(page, "[data-demo]")) seen.axe.push(`${name} ${theme} ${v.id}: ${v.nodes[0].html}`);
    }
    await page.setViewportSize({ width: 360, height: 740 });
    if (await page.evaluate(() => document.documentElement.scrollWidth > 360)) seen.wide.push(name);
  }

  /** What a canvas shows, as text. */
  const print = (page, selector) => page.$eval(selector, (canvas) => canvas.toDataURL());
  const settled = (page) =>
    page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))));

  async function close() {
    await browser.close();
    await server.close();
  }
  return { audit, browser, close, home, kib, open, print, seen, settled };
}
