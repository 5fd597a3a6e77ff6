// Show decks of slides as a speaker does, and print them; what was seen, as JSON.
//   node slides.mjs FOLDER DECK ...      FOLDER is what tools/slides.py writes
import { launch, violations } from "./browser.mjs";
import { serve } from "./server.mjs";

const [folder, ...decks] = process.argv.slice(2);
const server = await serve(folder);
const browser = await launch();
const report = {};

/** What stands out of the slide that is shown: below it, or at the side of its section. */
const overflow = () => {
  const slide = Reveal.getCurrentSlide();
  const { h, v } = Reveal.getIndices();
  const name = `${h}/${v ?? 0} ${slide.querySelector("h1, h2, h3, .goes-on")?.textContent}`;
  const found = [];
  if (slide.scrollHeight > slide.clientHeight) found.push(`${name}: ${slide.scrollHeight} high`);
  const edge = slide.getBoundingClientRect().right;
  for (const part of slide.querySelectorAll("pre, table, img, .katex-display")) {
    const wide = part.scrollWidth > part.clientWidth + 1 && getComputedStyle(part).display !== "inline";
    if (wide || part.getBoundingClientRect().right > edge + 1) {
      found.push(`${name}: ${part.tagName} ${part.scrollWidth} wide`);
    }
  }
  return found;
};

async function open(name, colorScheme, seen) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 }, colorScheme });
  page.on("console", (message) => seen.console.push(message.text()));
  page.on("pageerror", (error) => seen.console.push(error.message));
  page.on("requestfailed", (request) => seen.console.push(request.url()));
  await page.goto(server.url + name);
  await page.waitForFunction(() => Reveal.isReady());
  return page;
}

async function show(name) {
  const seen = { console: [], axe: [], out: [], slides: 1 };
  for (const theme of ["light", "dark"]) {
    const page = await open(`${name}.html`, theme, seen);
    // For paper all slides lie below each other: axe sees each of them at once.
    const paper = await open(`${name}.html?print-pdf`, theme, seen);
    await paper.waitForSelector(".pdf-page");
    seen.pages = await paper.$$eval(".pdf-page", (pages) => pages.length);
    for (const view of [page, paper]) {
      for (const v of await violations(view)) seen.axe.push(`${theme} ${v.id}: ${v.nodes[0].html}`);
    }
    if (theme === "light") {
      seen.total = await page.evaluate(() => Reveal.getTotalSlides());
      seen.out.push(...(await page.evaluate(overflow)));
      while (seen.slides < 200 && !(await page.evaluate(() => Reveal.isLastSlide()))) {
        await page.keyboard.press("Space");
        seen.slides++;
        seen.out.push(...(await page.evaluate(overflow)));
      }
    }
    await page.close();
    await paper.close();
  }
  return seen;
}

for (const name of decks) report[name] = await show(name);
await browser.close();
await server.close();
console.log(JSON.stringify(report));
