// Tries the demos in a real browser and prints what it saw as JSON; test_demo.py judges it.
// Usage: node demo_browser.mjs BROWSER FOLDER, where FOLDER has the pages and demo/.
import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join, normalize } from "node:path";

import { chromium } from "playwright-core";

const [browserPath, folder] = process.argv.slice(2);
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const TYPES = {
  ".html": "text/html", ".js": "text/javascript", ".css": "text/css",
  ".json": "application/json", ".png": "image/png",
};
const server = createServer((request, response) => {
  const path = join(folder, normalize(new URL(request.url, "http://x").pathname));
  if (!existsSync(path)) return response.writeHead(404).end();
  response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream" });
  createReadStream(path).pipe(response);
}).listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
const home = `http://127.0.0.1:${server.address().port}`;

const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
const seen = { messages: [], foreign: [], axe: [], wide: [] };

async function open(name, options = {}) {
  const page = await browser.newPage({ viewport: { width: 1000, height: 900 }, ...options });
  page.bodies = [];
  page.on("console", (message) => seen.messages.push(message.text()));
  page.on("pageerror", (error) => seen.messages.push(error.message));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(home) && !url.startsWith("data:")) seen.foreign.push(url);
  });
  page.on("response", (r) => {
    if (r.url().includes("/demo/")) page.bodies.push(r.body());
  });
  await page.goto(`${home}/${name}.html`);
  await page.waitForSelector("[data-ready]");
  page.usable = await page.evaluate(() => performance.now());
  return page;
}

async function kib(page) {
  return (await Promise.all(page.bodies)).reduce((sum, body) => sum + body.length, 0) / 1024;
}

async function audit(page, name) {
  await page.addScriptTag({ path: AXE });
  for (const theme of ["light", "dark"]) {
    await page.evaluate((t) => (document.documentElement.dataset.theme = t), theme);
    const { violations } = await page.evaluate(() => globalThis.axe.run("[data-demo]"));
    for (const v of violations) seen.axe.push(`${name} ${theme} ${v.id}: ${v.nodes[0].html}`);
  }
  await page.setViewportSize({ width: 360, height: 740 });
  if (await page.evaluate(() => document.documentElement.scrollWidth > 360)) seen.wide.push(name);
}

/** What a canvas shows, as text. */
const print = (page, selector) => page.$eval(selector, (canvas) => canvas.toDataURL());
const settled = (page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))));

// ------------------------------------------------------------------------------ draw a digit
const loads = [];
for (let i = 0; i < 3; i++) {
  const page = await open("draw");
  loads.push(page.usable);
  seen.kib = await kib(page);
  await page.close();
}
seen.usable = Math.min(...loads);

const draw = await open("draw");
seen.outputs = await draw.evaluate(async () => {
  const { loadModels } = await import("/demo/engine.js");
  const { loadDigits } = await import("/demo/draw.js");
  const { networks, digits: places } = await loadModels(`${location.origin}/demo/`);
  const images = (await loadDigits(`${location.origin}/demo/`, places)).flat();
  const encoded = {};
  for (const [name, network] of Object.entries(networks)) {
    const all = new Float32Array(images.length * 784);
    images.forEach((image, i) => all.set(network.predict(image), 784 * i));
    const bytes = new Uint8Array(all.buffer);
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    encoded[name] = btoa(text);
  }
  return encoded;
});

const box = await (await draw.$(".demo-pad")).boundingBox();
seen.updates = { "demo-update": [], "demo-update-below": [] };
for (let stroke = 0; stroke < 3; stroke++) {
  await draw.focus(".demo-pad");
  await draw.keyboard.press("Delete");
  await settled(draw);
  await draw.evaluate(() => performance.clearMeasures());
  await draw.mouse.move(box.x + 80, box.y + 60);
  await draw.mouse.down();
  for (let i = 0; i < 40; i++) {
    await draw.mouse.move(box.x + 80 + 3 * i, box.y + 60 + (i > 20 ? 4 * (i - 20) : 0));
    await settled(draw);
  }
  await draw.mouse.up();
  await settled(draw);
  for (const [name, strokes] of Object.entries(seen.updates)) {
    strokes.push(await draw.evaluate(
      (of) => performance.getEntriesByName(of).map((entry) => entry.duration), name,
    ));
  }
}

seen.draw = {};
const changed = async (name, page, selector, act) => {
  const before = await print(page, selector);
  await act();
  await settled(page);
  await settled(page);
  seen.draw[name] = (await print(page, selector)) !== before;
};
const keys = (...names) => async () => {
  for (const name of names) await draw.keyboard.press(name);
};
const INPUT = ".demo-answers canvas";
const DECODED = ".demo-part .demo-row canvas";
await draw.focus(".demo-pad");
await changed("Delete clears", draw, INPUT, keys("Delete"));
await changed("arrow keys with the pen up draw nothing", draw, INPUT, keys("ArrowLeft", "ArrowUp"));
await changed("Space and arrows draw", draw, INPUT, keys("Space", "ArrowDown", "ArrowDown", "ArrowRight"));
await changed("Backspace takes back", draw, INPUT, keys("Backspace"));
await draw.focus(".demo-thumb:nth-of-type(4)");
await changed("Enter takes a test digit", draw, INPUT, keys("Enter"));
await draw.focus(".demo-bar");
await changed("an arrow key walks the code", draw, DECODED, keys(...Array(20).fill("ArrowUp")));
await draw.focus("text=Back to the digit");
await changed("the digit's code comes back", draw, DECODED, keys("Enter"));
await draw.focus(".demo-choice input");
await changed("PCA decodes, too", draw, DECODED, keys("ArrowDown"));
await draw.focus(".demo-answers input");
await changed("the noise slider", draw, ".demo-answers figure:nth-of-type(6) canvas", keys("End"));
await draw.focus(".demo-part:last-child input");
await changed("the way from digit to digit", draw, ".demo-part:last-child .demo-figures canvas", keys("End"));
await draw.waitForTimeout(1700);
seen.spoken = await draw.textContent("[role=status]");
await audit(draw, "draw");
await draw.close();

const small = await open("draw-small", { viewport: { width: 320, height: 700 }, hasTouch: true });
seen.smallWidth = await small.evaluate(() => document.documentElement.scrollWidth);
await small.close();

// ------------------------------------------------------------------------------- the explorer
const map = await open("explorer");
seen.explorer = { kib: await kib(map) };
const title = () => map.textContent(".demo-details strong");
await map.focus(".demo-map");
await map.keyboard.press("Enter");
await map.waitForSelector(".demo-neighbours", { state: "visible" });
seen.explorer.title = await title();
await map.click(".demo-neighbours button");
seen.explorer.neighbour = await title();
await map.fill(".demo-details input", "7");
await map.keyboard.press("Enter");
await map.waitForFunction(() => document.querySelector(".demo-details strong").textContent.endsWith(" 7"));
seen.explorer.seven = await title();
seen.explorer.rebuilt = await map.textContent(".demo-details .demo-hint");
const bounds = await (await map.$(".demo-map")).boundingBox();
// Into the island of the zeros.
const side = Math.min(bounds.width, bounds.height);
await map.mouse.move(
  bounds.x + bounds.width / 2 + 0.4 * side, bounds.y + bounds.height / 2 + 0.1 * side,
);
await map.waitForFunction((old) => document.querySelector(".demo-details strong").textContent !== old, seen.explorer.seven);
seen.explorer.hovered = await title();

// Drag the map for two seconds, a step a frame, and count the frames.
seen.explorer.pan = await map.evaluate(async () => {
  const canvas = document.querySelector(".demo-map");
  canvas.setPointerCapture = () => {}; // there is no real pointer to capture
  const { left, top } = canvas.getBoundingClientRect();
  const send = (type, i) =>
    canvas.dispatchEvent(
      new PointerEvent(type, {
        pointerId: 9, pointerType: "mouse", clientX: left + 200 + 60 * Math.sin(i / 9), clientY: top + 200 + i / 4,
      }),
    );
  const frame = () => new Promise(requestAnimationFrame);
  send("pointerdown", 0);
  await frame();
  performance.clearMeasures();
  const begin = await frame();
  let now = begin;
  let frames = 0;
  while (now - begin < 2000) {
    send("pointermove", ++frames);
    now = await frame();
  }
  send("pointerup", frames);
  const times = performance.getEntriesByName("explorer-frame").map((entry) => entry.duration);
  times.sort((a, b) => a - b);
  return { fps: (1000 * frames) / (now - begin), drawn: times.length / frames, median: times[times.length >> 1] };
});

const look = () => print(map, ".demo-map");
await map.click("text=Whole map");
await settled(map);
const whole = await look();
await map.click(".demo-toggle");
await settled(map);
seen.explorer.filtered = (await look()) !== whole;
seen.explorer.pressed = await map.getAttribute(".demo-toggle", "aria-pressed");
await map.click(".demo-toggle");
for (const reduced of [false, true]) {
  await map.emulateMedia({ reducedMotion: reduced ? "reduce" : "no-preference" });
  const caption = await map.textContent(".demo-hint");
  await map.click(`.demo-choice span:nth-of-type(${reduced ? 1 : 2}) input`);
  // The map is loaded when its numbers stand there.
  await map.waitForFunction((old) => document.querySelector(".demo-hint").textContent !== old, caption);
  await settled(map);
  const early = await look();
  await map.waitForTimeout(1400);
  seen.explorer[reduced ? "jumps" : "glides"] = ((await look()) === early) === reduced;
}
seen.explorer.caption = await map.textContent(".demo-hint");
await map.click("text=Full screen");
await settled(map);
seen.explorer.full = (await (await map.$("[data-demo]")).boundingBox()).width;
await map.click("text=Leave full screen");
await map.waitForTimeout(300);
seen.explorer.left = (await (await map.$("[data-demo]")).boundingBox()).width;
await audit(map, "explorer");

// The same from a site that was built with MNIST at hand: its images, and no network for them.
const real = await open("with_images/explorer");
const asked = [];
real.on("request", (request) => asked.push(request.url().split("/").pop()));
await real.fill(".demo-details input", "7");
await real.keyboard.press("Enter");
await real.waitForSelector(".demo-neighbours", { state: "visible" });
seen.images = {
  asked,
  title: await real.textContent(".demo-details strong"),
  note: await real.textContent(".demo-details .demo-hint"),
  spoken: await real.getAttribute(".demo-details canvas", "aria-label"),
  pixels: await real.$eval(".demo-details canvas", (canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, 28, 28);
    return [...data].filter((_, i) => i % 4 === 0);
  }),
};

await browser.close();
server.close();
console.log(JSON.stringify(seen));
