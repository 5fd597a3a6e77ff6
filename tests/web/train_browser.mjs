// Plays with the page "Train an autoencoder" in a real browser and prints what it saw as JSON;
// test_train_page.py judges it.  node train_browser.mjs FOLDER; FOLDER has pages and demo/.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { launch, violations } from "./browser.mjs";
import { serve } from "./server.mjs";

const [folder] = process.argv.slice(2);
const server = await serve(folder, "/");
const browser = await launch();
const seen = { messages: [], foreign: [], axe: [], wide: [] };

async function open(context, name) {
  const page = await context.newPage();
  page.asked = [];
  page.on("console", (message) => seen.messages.push(message.text()));
  page.on("pageerror", (error) => seen.messages.push(error.message));
  page.on("request", (request) => {
    const url = request.url();
    page.asked.push(url.split("/").pop());
    if (!url.startsWith(server.url) && !/^(data|blob):/.test(url)) seen.foreign.push(url);
  });
  page.bytes = 0;
  page.on("requestfinished", async (request) => {
    const { responseBodySize } = await request.sizes().catch(() => ({ responseBodySize: 0 }));
    page.bytes += responseBodySize;
  });
  await page.goto(server.url + name);
  await page.waitForSelector("[data-ready]");
  return page;
}

const ROOT = "[data-demo]";
const steps = (page) => page.$eval(ROOT, (root) => Number(root.dataset.steps));
const runs = (page) => page.$eval(ROOT, (root) => root.dataset.running === "yes");
const number = (page, name) =>
  page.$$eval(".train-numbers > div", (pairs, wanted) =>
    pairs.find((pair) => pair.firstChild.textContent.startsWith(wanted)).lastChild.textContent, name);
const until = (page, count) =>
  page.waitForFunction((n) => Number(document.querySelector("[data-demo]").dataset.steps) >= n, count, { timeout: 120_000 });
const at = (page, running) =>
  page.waitForFunction((r) => document.querySelector("[data-demo]").dataset.running === r, running, { timeout: 120_000 });
const print = (page, selector) => page.$eval(selector, (canvas) => canvas.toDataURL());
const hash = (page) => page.evaluate(() => location.hash);

// ---------------------------------------------------------------- one visit: start, pause, reload
const context = await browser.newContext({ viewport: { width: 1100, height: 900 } });
const page = await open(context, "train.html");
await page.waitForLoadState("networkidle");
seen.before = { kib: page.bytes / 1024, asked: [...page.asked], steps: await steps(page) };

let clock = Date.now();
await page.click(".train-start");
await until(page, 1);
seen.firstSteps = Date.now() - clock;
await until(page, 40);
// A busy machine looks at the test images late: until then the untrained error stands there, 0.115.
await page.waitForFunction(() => Number(document.querySelectorAll(".train-numbers dd")[1].textContent) < 0.11, null, { timeout: 120_000 });
seen.early = Number(await number(page, "test"));
await page.waitForFunction(() => /0\./.test(document.querySelectorAll(".train-numbers dd")[2].textContent), null, { timeout: 120_000 });
seen.pca = Number(await number(page, "PCA"));
// Frames while it learns, and what a screen reader is told meanwhile.
seen.quiet = await page.evaluate(async () => {
  let spoken = 0;
  const watcher = new MutationObserver(() => spoken++);
  watcher.observe(document.querySelector("[role=status]"), { childList: true, characterData: true, subtree: true });
  const frame = () => new Promise(requestAnimationFrame);
  const begin = await frame();
  const gaps = [];
  let last = begin;
  while (last - begin < 3000) {
    const now = await frame();
    gaps.push(now - last);
    last = now;
  }
  watcher.disconnect();
  gaps.sort((a, b) => a - b);
  return { spoken, fps: (1000 * gaps.length) / (last - begin), p95: gaps[Math.floor(0.95 * gaps.length)] };
});
// How long until a message is answered while the worker trains.
const map = await page.$(".train-map");
await map.scrollIntoViewIfNeeded();
const box = await map.boundingBox();
const decoded = ".train-mapped .demo-figure canvas";
const blank = await print(page, decoded);
clock = Date.now();
await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
await page.waitForFunction(([s, old]) => document.querySelector(s).toDataURL() !== old, [decoded, blank], { polling: "raf" });
seen.answer = Date.now() - clock;
await page.evaluate(() => scrollTo(0, 0));
await page.click(".train-start");
await at(page, "no");
await page.waitForTimeout(400);
seen.paused = { steps: await steps(page), test: await number(page, "test"), button: await page.textContent(".train-start") };
await page.waitForTimeout(400);
seen.stands = (await steps(page)) === seen.paused.steps;
const rebuilt = await print(page, ".train-rows figure:nth-of-type(3) canvas");

page.asked.length = 0;
await page.reload();
await page.waitForSelector("[data-ready]");
await page.waitForLoadState("networkidle");
await page.waitForTimeout(300);
seen.reloaded = {
  steps: await steps(page), test: await number(page, "test"), asked: [...page.asked],
  same: (await print(page, ".train-rows figure:nth-of-type(3) canvas")) === rebuilt,
};
await page.click(".train-start");
await until(page, seen.paused.steps + 20);
await page.click(".train-start");
await at(page, "no");
await page.waitForTimeout(300);
seen.wentOn = Number(await number(page, "test"));

// ----------------------------------------------------------------------- weights out and in again
const [download] = await Promise.all([page.waitForEvent("download"), page.click("text=Download weights")]);
const file = join(folder, "downloaded.npz");
await download.saveAs(file);
const kept = { steps: await steps(page), test: await number(page, "test") };
writeFileSync(join(folder, "broken.npz"), readFileSync(file).subarray(0, 5000));
await page.setInputFiles("input[type=file]", join(folder, "broken.npz"));
await page.waitForSelector(".train-message:not([hidden])");
seen.broken = { text: await page.textContent(".train-message"), unharmed: (await steps(page)) === kept.steps };
await page.setInputFiles("input[type=file]", file);
await page.waitForFunction(() => document.querySelector("[data-demo]").dataset.steps === "0" && /\d/.test(document.querySelectorAll(".train-numbers dd")[1].textContent));
seen.uploaded = { test: await number(page, "test"), before: kept.test };
// Twice: the second click has nothing left to bring back.
await page.getByText("Bring back the network").evaluate((made) => [made, made].forEach((m) => m.click()));
await page.waitForFunction((n) => document.querySelector("[data-demo]").dataset.steps === String(n), kept.steps);
seen.broughtBack = { test: await number(page, "test"), before: kept.test };

// --------------------------------------------------------------------------------- by keyboard
seen.keys = {};
const focusLabel = async (label) => page.getByLabel(label, { exact: false }).first().focus();
await focusLabel("Numbers in the code");
await page.keyboard.press("ArrowRight");
await page.waitForFunction(() => location.hash.includes("code="), null, { timeout: 20_000 });
seen.keys.slider = await hash(page);
await page.getByLabel("Output activation").focus();
await page.keyboard.press("End");
await page.waitForFunction(() => location.hash.includes("output="), null, { timeout: 20_000 });
seen.keys.select = await hash(page);
await page.focus("[data-preset=dies]");
await page.keyboard.press("Enter");
await at(page, "yes");
await page.waitForFunction(() => document.querySelector(".train-message").textContent.includes("dead"), null, { timeout: 120_000 });
if (await runs(page)) await page.click(".train-start");
await at(page, "no");
seen.dies = { hash: await hash(page), message: await page.textContent(".train-message"), dead: await number(page, "dead") };
await page.focus("[data-preset=two]");
await page.keyboard.press("Enter");
await at(page, "yes");
await until(page, 30);
await page.focus(".train-start");
await page.keyboard.press("Enter");
await at(page, "no");
seen.keys.pause = await page.textContent(".train-start");
await page.focus(".train-map");
let before = await print(page, decoded);
for (let i = 0; i < 8; i++) await page.keyboard.press("ArrowLeft");
await page.waitForTimeout(300);
seen.keys.map = (await print(page, decoded)) !== before;
await page.focus(".demo-pad");
before = await print(page, ".train-drawn canvas");
for (const key of ["Space", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight"]) await page.keyboard.press(key);
await page.waitForTimeout(300);
seen.keys.draw = (await print(page, ".train-drawn canvas")) !== before;
await page.keyboard.press("Delete");
await page.waitForTimeout(300);
seen.keys.clear = (await print(page, ".train-drawn canvas")) === before;

// ------------------------------------------------------- by mouse: what is drawn is what is shown
const DRAWN = ".train-drawn canvas";
const blankDrawing = await print(page, DRAWN);
await page.$eval(".demo-pad", (pad) => pad.scrollIntoView({ block: "center" }));
const pad = await (await page.$(".demo-pad")).boundingBox();
const drawing = async (...places) => {
  await page.focus(".demo-pad");
  await page.keyboard.press("Delete");
  const [first, ...others] = places.map(([x, y]) => [pad.x + x * pad.width, pad.y + y * pad.height]);
  await page.mouse.move(...first);
  await page.mouse.down();
  for (const place of others) await page.mouse.move(...place, { steps: 5 });
  await page.mouse.up();
  await page.waitForFunction(([s, old]) => document.querySelector(s).toDataURL() !== old, [DRAWN, blankDrawing]);
  await page.waitForTimeout(300);
  return print(page, DRAWN);
};
const corner = [[0.7, 0.2], [0.7, 0.7], [1.2, 0.7]];
const ends = await drawing(...corner);
seen.ink = { outside: (await drawing(...corner, [1.2, 0.2], [1.07, 0.05])) === ends };
await page.evaluate(() => (PointerEvent.prototype.getCoalescedEvents = () => []));
seen.ink.withoutParts = (await drawing(...corner)) === ends;

// ------------------------------------------------------------------------ themes and small screens
for (const theme of ["light", "dark"]) {
  await page.evaluate((t) => (document.documentElement.dataset.theme = t), theme);
  for (const v of await violations(page, "[data-demo]")) seen.axe.push(`${theme} ${v.id}: ${v.nodes[0].html}`);
}
for (const width of [360, 320]) {
  await page.setViewportSize({ width, height: 740 });
  await page.waitForTimeout(100);
  if (await page.evaluate((w) => document.documentElement.scrollWidth > w, width)) seen.wide.push(width);
}
await context.close();

// --------------------------------------------------------------------------------- a link, a slip
const other = await browser.newContext({ hasTouch: true, viewport: { width: 360, height: 740 } });
const linked = await open(other, "train.html#code=2&optimiser=adam&batch=100&colour=red");
seen.linked = {
  code: await linked.getByLabel("Numbers in the code").first().inputValue(),
  optimiser: await linked.getByLabel("Optimiser").inputValue(),
  batch: await linked.getByLabel("Batch size").inputValue(),
  message: await linked.textContent(".train-message"),
};
await linked.fill("input[type=number]", "7000");
await linked.keyboard.press("Tab");
seen.linked.complaint = await linked.textContent(".train-message");
await linked.close();
const small = await open(other, "train-small.html");
// Impatiently: both clicks mean what the button says, Start.
await small.$eval(".train-start", (made) => [made, made].forEach((m) => m.click()));
await until(small, 10);
seen.small = {
  width: await small.evaluate(() => document.documentElement.scrollWidth), running: await runs(small),
  hash: await hash(small), parameters: await small.textContent(".train-status"),
};
await other.close();

await browser.close();
await server.close();
console.log(JSON.stringify(seen));
