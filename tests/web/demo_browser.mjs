// Tries the demos in a real browser and prints what it saw as JSON; test_demo.py judges it.
// Usage: node demo_browser.mjs FOLDER, where FOLDER has the pages and demo/.
import { visit } from "./demo_pages.mjs";

const [folder] = process.argv.slice(2);
const { audit, browser, close, home, kib, open, print, seen, settled } = await visit(folder);

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
  const { loadModels } = await import(new URL("demo/engine.js", location.href));
  const { loadDigits } = await import(new URL("demo/samples.js", location.href));
  const base = new URL("demo/", location.href);
  const { networks } = await loadModels(base, ["dense", "conv", "denoising", "pca"]);
  const images = (await loadDigits(base)).flat();
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

// What is drawn is what the models get.
const lit = (page, selector) => page.$eval(selector, (canvas) => {
  const { width, height } = canvas;
  const copy = new OffscreenCanvas(width, height).getContext("2d");
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, width, height);
  return data.filter((value, i) => i % 4 === 0 && value > 127).length / (width * height);
});
const clear = async (page) => {
  await page.focus(".demo-pad");
  await page.keyboard.press("Delete");
  await settled(page);
  await page.evaluate(() => document.activeElement.blur());
  await settled(page);
};
seen.ink = {};
await clear(draw);
seen.ink.empty = {
  pad: await lit(draw, ".demo-pad"),
  hint: await draw.isVisible(".demo-pad-hint"),
  errors: (await draw.$$eval(".demo-answers .demo-error", (all) => all.map((e) => e.textContent))).join(""),
};
const at = await (await draw.$(".demo-pad")).boundingBox();
await draw.mouse.click(at.x + 140, at.y + 140);
await settled(draw);
await settled(draw);
seen.ink.click = { pad: await lit(draw, ".demo-pad"), input: await lit(draw, INPUT), hint: await draw.isVisible(".demo-pad-hint") };
const strokes = [];
for (const outside of [[], [[340, 60], [300, 20]]]) {
  await clear(draw);
  await draw.mouse.move(at.x + 200, at.y + 60);
  await draw.mouse.down();
  for (const [x, y] of [[200, 200], [340, 200], ...outside]) await draw.mouse.move(at.x + x, at.y + y, { steps: 5 });
  await draw.mouse.up();
  await settled(draw);
  await settled(draw);
  strokes.push(await print(draw, INPUT));
}
seen.ink.outside = strokes[0] === strokes[1];
await draw.waitForTimeout(1700);
seen.spoken = await draw.textContent("[role=status]");
await audit(draw, "draw");
// Where the reader's own colours replace the page's, a bar still shows how long it is.
await draw.emulateMedia({ forcedColors: "active" });
seen.forced = {
  bar: await draw.$eval(".demo-bar", (bar) => getComputedStyle(bar).backgroundImage.match(/rgba?\([^)]*\)/g)),
};
await draw.close();

// On a phone, by touch.
const touch = async (page) => {
  const session = await page.context().newCDPSession(page);
  return (type, ...points) =>
    session.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y, id = 0]) => ({ x, y, id })) });
};
/** Swipe upwards by 200 pixels from a place; how far the page has scrolled. */
const swipe = async (page, send, [x, y]) => {
  const before = await page.evaluate(() => scrollY);
  await send("touchStart", [x, y]);
  for (let i = 1; i <= 10; i++) await send("touchMove", [x, y - 20 * i]);
  await send("touchEnd");
  await page.waitForTimeout(300);
  return (await page.evaluate(() => scrollY)) - before;
};
const middle = async (page, selector) => {
  await page.$eval(selector, (element) => element.scrollIntoView({ block: "center" }));
  await settled(page);
  const { x, y, width, height } = await (await page.$(selector)).boundingBox();
  return [x + width / 2, y + height / 2];
};
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
const phone = await open("draw", PHONE);
const finger = await touch(phone);
seen.phone = {
  room: await phone.evaluate(() => {
    const top = document.querySelector(".demo-pad").getBoundingClientRect().top;
    return document.querySelector(".demo-figures").getBoundingClientRect().bottom - top;
  }),
  bars: await swipe(phone, finger, await middle(phone, ".demo-bars")),
};
await clear(phone);
const [px, py] = await middle(phone, ".demo-pad");
seen.phone.pad = await swipe(phone, finger, [px, py + 80]);
const one = await print(phone, ".demo-pad");
await finger("touchStart", [px - 60, py]);
await finger("touchMove", [px - 60, py + 20]);
await settled(phone);
const line = await lit(phone, ".demo-pad");
await finger("touchStart", [px - 60, py + 20], [px + 80, py - 60, 1]);
await finger("touchMove", [px - 60, py + 20], [px + 80, py + 80, 1]);
await settled(phone);
seen.phone.drawn = (await print(phone, ".demo-pad")) !== one;
seen.phone.second = (await lit(phone, ".demo-pad")) - line;
await finger("touchEnd");
await phone.close();

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
const [zeroX, zeroY] = await map.evaluate(async () => {
  const file = async (name) => (await fetch(`demo/data/${name}`)).arrayBuffer();
  const { medians } = await import(new URL("demo/scatter.js", location.href));
  const positions = Float32Array.from(new Uint16Array(await file("map_3.bin")), (v) => v / 65535);
  return medians(positions, new Uint8Array(await file("labels.bin")))[0];
});
const side = 0.94 * Math.min(bounds.width, bounds.height);
await map.mouse.move(
  bounds.x + bounds.width / 2 + side * (zeroX - 0.5),
  bounds.y + bounds.height / 2 + side * (zeroY - 0.5),
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
await map.emulateMedia({ forcedColors: "active" });
seen.forced.swatches = await map.$$eval(
  ".demo-toggle[aria-pressed=true] .demo-swatch", (all) => all.map((swatch) => getComputedStyle(swatch).backgroundColor),
);

const hand = await open("explorer", PHONE);
const fingers = await touch(hand);
const [mx, my] = await middle(hand, ".demo-map");
const view = () => print(hand, ".demo-map");
const still = await view();
seen.hand = { scrolled: await swipe(hand, fingers, [mx, my]), moved: (await view()) !== still };
const [zx, zy] = await middle(hand, ".demo-map");
const top = await hand.evaluate(() => scrollY);
await fingers("touchStart", [zx - 30, zy]);
await fingers("touchStart", [zx - 30, zy], [zx + 30, zy, 1]);
for (let i = 1; i <= 8; i++) await fingers("touchMove", [zx - 30 - 8 * i, zy - 5 * i], [zx + 30 + 8 * i, zy - 5 * i, 1]);
await fingers("touchEnd");
await settled(hand);
seen.hand.zoomed = (await view()) !== still;
seen.hand.kept = (await hand.evaluate(() => scrollY)) === top;
// Full screen, upright and across: nothing lies over anything else, and the way out is in sight.
seen.hand.overlaps = [];
for (const [width, height] of [[360, 740], [740, 360], [1280, 800]]) {
  await hand.setViewportSize({ width, height });
  await hand.click("text=Full screen");
  await hand.waitForTimeout(300);
  seen.hand.overlaps.push(await hand.evaluate(() => {
    const boxes = [...document.querySelectorAll(
      ".demo-map, .demo-buttons, .demo-details > *, .demo-choice, [data-demo] > .demo-hint",
    )].filter((e) => e.checkVisibility()).map((e) => [e.className || e.tagName, e.getBoundingClientRect()]);
    const bad = [];
    boxes.forEach(([a, p], i) => boxes.slice(i + 1).forEach(([b, q]) => {
      const [w, h] = [Math.min(p.right, q.right) - Math.max(p.left, q.left), Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top)];
      if (w > 1 && h > 1) bad.push(`${innerWidth}: ${a} and ${b}`);
    }));
    const out = [...document.querySelectorAll("button")].find((b) => b.textContent === "Leave full screen").getBoundingClientRect();
    if (out.top < 0 || out.bottom > innerHeight || out.right > innerWidth) bad.push(`${innerWidth}: the way out is out of sight`);
    const map = document.querySelector(".demo-map").getBoundingClientRect();
    if (map.width * map.height < 0.35 * innerWidth * innerHeight) bad.push(`${innerWidth}: a small map`);
    if (map.bottom > innerHeight || map.top < 0) bad.push(`${innerWidth}: the map is cut`);
    return bad;
  }));
  await hand.click("text=Leave full screen");
  await hand.waitForTimeout(300);
}
await hand.close();

// By Tab alone, from a control far above it.
const far = await browser.newPage({ viewport: { width: 1280, height: 900 } });
await far.goto(`${home}far.html`, { waitUntil: "networkidle" });
seen.far = { early: await far.$$eval(".demo-map", (all) => all.length) };
await far.keyboard.press("Tab");
await far.keyboard.press("Tab");
await far.waitForSelector("[data-ready]");
await far.keyboard.press("Tab");
seen.far.focus = await far.evaluate(() => document.activeElement.closest("[data-demo]") !== null);
await far.close();

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

await close();
console.log(JSON.stringify(seen));
