// Tries the live figures of the chapters in a real browser and prints what it saw as JSON;
// test_figures.py judges it.      node figures_browser.mjs FOLDER, which has the pages and demo/
import { visit } from "./demo_pages.mjs";

const [folder] = process.argv.slice(2);
const { audit, close, kib, open, print, seen, settled } = await visit(folder);
seen.kib = {};

const texts = (page, selector) =>
  page.$$eval(selector, (all) => all.map((e) => e.textContent.replaceAll("×", "x").replaceAll("−", "-")));
const text = async (page, selector) => (await texts(page, selector))[0];
const press = async (page, selector, ...keys) => {
  await page.focus(selector);
  for (const key of keys) await page.keyboard.press(key);
  await settled(page);
  await settled(page);
};
const visitFigure = async (name, work) => {
  const page = await open(name);
  seen.kib[name] = await kib(page);
  seen[name] = await work(page);
  await audit(page, name);
  await page.close();
};

await visitFigure("components", async (page) => {
  const SLIDER = "input[type=range]";
  const found = { twenty: await text(page, ".demo-small") };
  found.grey = await page.$eval(".demo-strip:nth-of-type(2) canvas", (canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, 280, 28);
    return [...data].filter((_, i) => i % 4 === 0);
  });
  // PCA of the page "Draw a digit", which has more exact numbers.
  found.exact = await page.evaluate(async () => {
    const { loadModels } = await import(new URL("demo/engine.js", location.href));
    const { loadSamples } = await import(new URL("demo/samples.js", location.href));
    const base = new URL("demo/", location.href);
    const [{ networks: { pca } }, { digits }] = await Promise.all([loadModels(base, ["pca"]), loadSamples(base)]);
    return { mean: [...pca.layers[1].bias], rebuilt: digits.map((digit) => [...pca.predict(digit)]) };
  });
  await press(page, SLIDER, "ArrowRight");
  found.more = await text(page, ".demo-small");
  found.spoken = await page.getAttribute(SLIDER, "aria-valuetext");
  await press(page, SLIDER, "Home");
  found.none = [await text(page, ".demo-small"), ...(await texts(page, "figcaption"))];
  return found;
});

await visitFigure("noise", async (page) => {
  const found = { half: await texts(page, ".demo-error") };
  Object.assign(found, await page.evaluate(async () => {
    const module = (name) => import(new URL(`demo/${name}.js`, location.href));
    const { median, noisy, normals } = await module("digit");
    const { loadPrincipal } = await module("principal");
    const { loadSamples } = await module("samples");
    const base = new URL("demo/", location.href);
    const [principal, { digits }] = await Promise.all([loadPrincipal(base), loadSamples(base)]);
    const spoilt = noisy(digits[7], normals(784, 0), 0.5);
    return {
      spoilt: [...spoilt], linear: [...principal.denoise(spoilt)],
      median: [3, 5].map((size) => [...median(spoilt, size)]),
    };
  }));
  await press(page, "input[type=range]", "Home");
  found.clean = await texts(page, ".demo-error");
  const before = await print(page, ".demo-figures canvas");
  await press(page, ".demo-thumb:nth-of-type(4)", "Enter");
  found.chosen = (await print(page, ".demo-figures canvas")) !== before;
  await press(page, "input[type=range]", "End");
  const strongest = await texts(page, ".demo-error");
  await press(page, ".demo-button", "Enter");
  found.again = (await texts(page, ".demo-error"))[1] !== strongest[1];
  return found;
});

await visitFigure("layers", async (page) => {
  const found = { sizes: await texts(page, ".demo-chain label"), walk: [] };
  found.states = await page.evaluate(async () => {
    const { loadModels } = await import(new URL("demo/engine.js", location.href));
    const { loadSamples } = await import(new URL("demo/samples.js", location.href));
    const base = new URL("demo/", location.href);
    const [{ networks }, { digits }] = await Promise.all([loadModels(base, ["conv"]), loadSamples(base)]);
    return networks.conv.states(digits[4]).map(({ data }) => [...data]);
  });
  for (let layer = 1; layer < 7; layer++) {
    const canvases = await page.$$eval(".demo-maps canvas", (all) => all.map((c) => c.width));
    found.walk.push([await text(page, ".demo-layer strong"), canvases]);
    await press(page, ".demo-chain :checked", "ArrowRight");
  }
  found.code = await text(page, ".demo-layer");
  await press(page, ".demo-button", "Enter");
  found.back = await text(page, ".demo-layer strong");
  return found;
});

await visitFigure("bottleneck", async (page) => {
  const asked = [];
  page.on("request", (request) => asked.push(request.url().split("/").pop()));
  const OUTPUT = ".demo-bottleneck figure:last-child canvas";
  const mse = () => text(page, ".demo-error");
  const found = { digit: await mse() };
  const picture = await print(page, OUTPUT);
  await press(page, ".demo-bar", ...Array(20).fill("ArrowUp"));
  await page.waitForFunction((old) => document.querySelector(".demo-error").textContent !== old, found.digit);
  found.up = await mse();
  found.moved = (await print(page, OUTPUT)) !== picture;
  await press(page, ".demo-bar", ...Array(20).fill("ArrowDown"));
  found.down = await mse();
  await press(page, "text=Back to the digit", "Enter");
  found.back = [await mse(), (await print(page, OUTPUT)) === picture];
  await press(page, "text=Random code", "Enter");
  found.random = await mse();
  found.asked = asked;
  return found;
});

await visitFigure("runs", async (page) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const asked = [];
  page.on("request", (request) => asked.push(request.url().split("/").pop()));
  const look = async () => [
    await page.getAttribute(".demo-map", "aria-label"), await text(page, ".demo-small"), await print(page, ".demo-map"),
  ];
  const found = { start: await look() };
  const changed = (old) =>
    page.waitForFunction((label) => document.querySelector(".demo-map").ariaLabel !== label, old);
  await press(page, "input[type=range]", "ArrowRight");
  await changed(found.start[0]);
  await settled(page);
  found.wide = await look();
  await press(page, ".demo-control:nth-of-type(2) input", "Home");
  await changed(found.wide[0]);
  await settled(page);
  found.early = await look();
  found.asked = asked;
  return found;
});

await visitFigure("prior", async (page) => {
  const OUTPUT = ".demo-prior-part .demo-figure canvas";
  const before = await kib(page);
  await press(page, "text=Show the map", "Enter");
  await page.waitForSelector(OUTPUT);
  const found = { before, start: await print(page, OUTPUT) };
  const drawn = () => print(page, ".demo-strip canvas");
  found.drawn = [await drawn()];
  await press(page, ".demo-slider:nth-of-type(1) input", ...Array(10).fill("ArrowRight"));
  await press(page, ".demo-slider:nth-of-type(2) input", ...Array(25).fill("ArrowLeft"));
  found.texts = await texts(page, ".demo-prior-part figcaption span");
  found.shown = await page.$eval(OUTPUT, (c) => [...c.getContext("2d").getImageData(0, 0, 28, 28).data]);
  found.moved = (await print(page, OUTPUT)) !== found.start;
  await press(page, ".demo-buttons .demo-button", "Enter");
  found.drawn.push(await drawn());
  await page.click(".demo-prior");
  await settled(page);
  found.tapped = await text(page, ".demo-prior-part .demo-error");
  return found;
});

await visitFigure("strokes", async (page) => {
  const OUTPUT = ".demo-strokes-part > .demo-figure:last-child canvas";
  const mse = () => text(page, ".demo-error");
  const before = await kib(page);
  await press(page, "text=Take a digit apart", "Enter");
  await page.waitForSelector(".demo-strokes input");
  await settled(page);
  const found = { before, digit: await mse() };
  found.shown = await page.$eval(OUTPUT, (c) => [...c.getContext("2d").getImageData(0, 0, 28, 28).data]);
  found.sliders = await page.$$eval(".demo-strokes input", (all) => all.length);
  await press(page, ".demo-strokes input", "Home");
  found.without = await mse();
  await press(page, "text=The first feature alone", "Enter");
  found.alone = await mse();
  await press(page, "text=Back to the digit", "Enter");
  found.back = await mse();
  return found;
});

await close();
console.log(JSON.stringify(seen));
