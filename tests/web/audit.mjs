// Open every page of a built site in Chromium and print what was seen, as JSON.
//   node audit.mjs FOLDER [PAGE ...]      (CHROMIUM: the browser's path)
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { launch, violations } from "./browser.mjs";
import { serve } from "./server.mjs";

const [folder, ...chosen] = process.argv.slice(2);
const SIZES = [[360, 740], [1280, 900]];

// axe looks at a page of each kind in both themes at both widths; at the others, which differ in
// their text alone, in each theme and at each width once.
const OF_EACH_KIND = ["index", "chapters/pca", "chapters/denoising", "exercises/pca_sheet",
  "pages/api", "pages/demo", "pages/train"].map((name) => `${name}.html`);
const themes = (name, width) =>
  OF_EACH_KIND.includes(name) ? ["light", "dark"] : [width === 360 ? "dark" : "light"];

// Not the page for addresses that do not exist: its links hold where the site is published only.
// Not the old addresses: they lead on at once.
const leadsOn = (name) => readFileSync(join(folder, name), "utf8").includes('http-equiv="refresh"');
const pages = readdirSync(folder, { recursive: true })
  .filter((name) => name.endsWith(".html") && !/^_(static|sources)/.test(name) && name !== "404.html")
  .map((name) => name.replaceAll("\\", "/"))
  .filter((name) => (chosen.length ? chosen.includes(name) : !leadsOn(name)))
  .sort();

const browser = await launch();

/** Open a page and record requests to other places and everything on the console. */
async function open(context, url, allowed) {
  const page = await context.newPage();
  const seen = { foreign: [], failed: [], console: [], bytes: 0 };
  page.on("request", (request) => {
    const target = request.url();
    if (!target.startsWith(allowed) && !/^(data|blob):/.test(target)) seen.foreign.push(target);
  });
  page.on("requestfailed", (request) => seen.failed.push(request.url()));
  page.on("response", (response) => {
    if (response.status() >= 400) seen.failed.push(`${response.status()} ${response.url()}`);
  });
  page.on("requestfinished", async (request) => {
    const { responseBodySize, responseHeadersSize } = await request.sizes().catch(() => ({}));
    seen.bytes += (responseBodySize ?? 0) + (responseHeadersSize ?? 0);
  });
  page.on("console", (message) => seen.console.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => seen.console.push(`exception: ${error.message}`));
  await page.addInitScript(() => {
    window.layoutShift = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.layoutShift += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  await page.goto(url, { waitUntil: "load" });
  await page.waitForLoadState("networkidle");
  return { page, seen };
}

class NoMoreFrames extends Error {}

/** Scroll through the page, so that what loads late is loaded, and the shifts are counted. */
async function scroll(page) {
  const painted = await page.evaluate(async () => {
    for (let y = 0; y < document.body.scrollHeight; y += 600) {
      window.scrollTo(0, y);
      const frame = await Promise.race([
        new Promise((done) => requestAnimationFrame(() => done(true))),
        new Promise((done) => setTimeout(done, 10_000, false)),
      ]);
      if (!frame) return false;
    }
    window.scrollTo(0, 0);
    return true;
  });
  if (!painted) {
    await page.context().close();
    throw new NoMoreFrames(page.url());
  }
  await page.waitForLoadState("networkidle");
}

/** What axe finds: rule, how grave, and where. */
async function axe(page) {
  return (await violations(page)).flatMap(({ id, impact, nodes }) =>
    nodes.map((node) => `${id} (${impact}): ${node.target.join(" ")} | ${node.any[0]?.message ?? ""}`));
}

const server = await serve(folder);
const report = {};

async function audit(name) {
  const entry = (report[name] = { axe: {}, shift: {}, wide: {}, cut: {} });
  for (const [width, height] of SIZES) {
    // A context of its own: nothing is cached, so that the bytes are a first visitor's.
    const context = await browser.newContext({ viewport: { width, height } });
    const { page, seen } = await open(context, server.url + name, server.url);
    if (width === 360) await scroll(page);
    entry.shift[width] = await page.evaluate(() => window.layoutShift);
    entry.wide[width] = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    // Blocks of which a part is out of sight until one scrolls sideways.
    entry.cut[width] = await page.evaluate(() =>
      [...document.querySelectorAll("article :is(pre, .pst-scrollable-table-container)")]
        .filter((block) => block.scrollWidth > block.clientWidth + 1)
        .map((block) => [block.closest(".cell_output") ? "output" : block.tagName, block.textContent.trim().slice(0, 50)]));
    for (const theme of themes(name, width)) {
      await page.evaluate((value) => {
        // Colours in transition are no colours of either theme.
        document.head.insertAdjacentHTML("beforeend",
          "<style>*, ::before, ::after { transition: none !important }</style>");
        document.documentElement.dataset.mode = value;
        document.documentElement.dataset.theme = value;
      }, theme);
      entry.axe[`${theme} ${width}`] = await axe(page);
    }
    entry[`http ${width}`] = seen;
    await context.close();
  }
  if (OF_EACH_KIND.includes(name)) {
    const context = await browser.newContext();
    const root = pathToFileURL(folder).href;
    const { seen } = await open(context, `${root}/${name}`, root);
    entry.file = seen;
    await context.close();
  }
}

/** Audit a page; again, if Chromium gives it no more frames, as one visit in some hundreds. */
async function visit(name, tries = 3) {
  try {
    await audit(name);
  } catch (error) {
    if (!(error instanceof NoMoreFrames) || tries === 1) throw error;
    console.error(`${name}: no more frames after a while; visited again.`);
    await visit(name, tries - 1);
  }
}

// Three at a time: much of a visit is waiting for the network to fall silent.
const waiting = [...pages];
await Promise.all([1, 2, 3].map(async () => {
  while (waiting.length) await visit(waiting.shift());
}));
await browser.close();
await server.close();
console.log(JSON.stringify(report));
