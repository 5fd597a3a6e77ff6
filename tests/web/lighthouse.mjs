// Rate pages of every type with Lighthouse, phone and desktop, median of three runs.
//   node lighthouse.mjs FOLDER [PAGE ...]
// Exits 1 where a page falls short of LIMITS.
import { ARGUMENTS, BROWSER, load } from "./browser.mjs";
import { serve } from "./server.mjs";

const { launch } = await load("chrome-launcher");
const { default: lighthouse, desktopConfig } = await load("lighthouse");
const { computeMedianRun } = await load("lighthouse/core/lib/median-run.js");
const [folder, ...chosen] = process.argv.slice(2);
const PAGES = chosen.length ? chosen
  : ["index", "chapters/pca", "chapters/tsne", "chapters/denoising",
    "chapters/lecture_against_this_book", "pages/demo", "pages/train", "exercises/about",
    "exercises/pca_sheet", "pages/instructors", "pages/api", "pages/glossary", "search"].map((name) => `${name}.html`);
const LIMITS = { accessibility: 100, "best-practices": 100, seo: 100 };
const SPEED = { phone: 95, desktop: 100 }; // of chapters
const DEMO_SPEED = 95; // of the pages that open with a demo
const WITH_DEMO = ["index.html", "pages/demo.html"];
const OTHER_SPEED = 90;
const KIB = 400; // of chapters
const SHIFT = 0.05;

const server = await serve(folder);
const chrome = await launch({
  chromePath: BROWSER,
  chromeFlags: ["--headless=new", ...ARGUMENTS],
});
let short = 0;
console.log("page                              device   perf  a11y  best   seo   KiB    CLS");
for (const page of PAGES) {
  for (const [device, config] of [["phone", undefined], ["desktop", desktopConfig]]) {
    const runs = [];
    for (let run = 0; run < 3; run++) {
      const { lhr } = await lighthouse(
        server.url + page, { port: chrome.port, logLevel: "error" }, config);
      runs.push(lhr);
    }
    const { categories, audits } = computeMedianRun(runs);
    const rating = (name) => Math.round(100 * categories[name].score);
    const kib = audits["total-byte-weight"].numericValue / 1024;
    const shift = audits["cumulative-layout-shift"].numericValue;
    const names = ["performance", "accessibility", "best-practices", "seo"];
    console.log([
      page.padEnd(33), device.padEnd(7), ...names.map((name) => String(rating(name)).padStart(5)),
      kib.toFixed(0).padStart(5), shift.toFixed(3).padStart(6),
    ].join(" "));
    const chapter = page.startsWith("chapters/");
    if (shift >= SHIFT || (chapter && kib >= KIB)) {
      short++;
      console.log(`  wanted: less than ${KIB} KiB (chapters), layout shift below ${SHIFT}`);
    }
    const others = WITH_DEMO.includes(page) ? DEMO_SPEED : OTHER_SPEED;
    const limits = { ...LIMITS, performance: chapter ? SPEED[device] : others };
    for (const [name, limit] of Object.entries(limits)) {
      if (rating(name) >= limit) continue;
      short++;
      const failed = categories[name].auditRefs.map(({ id }) => audits[id])
        .filter(({ score }) => score !== null && score < 0.9).map(({ id }) => id);
      console.log(`  ${name} ${rating(name)}, wanted ${limit}: ${failed.join(", ")}`);
    }
  }
}
chrome.kill();
await server.close();
process.exit(short ? 1 : 0);
