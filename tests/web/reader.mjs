// Search and print pages of a built site as a reader does, and print what was seen as JSON.
//   node reader.mjs FOLDER QUERIES PAGES      (both lists as JSON)
import { launch } from "./browser.mjs";
import { serve } from "./server.mjs";

const [folder, queries, pages] = process.argv.slice(2);
const server = await serve(folder);
const browser = await launch();
const report = { found: {}, excerpts: {}, printed: {} };

for (const query of JSON.parse(queries)) {
  const page = await browser.newPage();
  await page.goto(`${server.url}search.html?q=${encodeURIComponent(query)}`);
  await page.waitForFunction(
    () => /finished|did not match/.test(document.querySelector("#search-results").textContent),
  );
  report.found[query] = await page.$$eval("#search-results li > a:first-child", (links) =>
    links.map((link) => new URL(link.href).pathname.replace("/a/course/", "")),
  );
  // Where the word stands at the top of a page, the excerpt is of the page's beginning.
  await page.waitForFunction(() =>
    [...document.querySelectorAll("#search-results li:not(:has(> span))")].every((li) => li.querySelector(".context")),
  );
  report.excerpts[query] = await page.$$eval("#search-results .context", (all) => all.map((e) => e.textContent));
  await page.close();
}

const PAPER = { width: 718, height: 1040 }; // A4 with the browser's margins, in CSS pixels
for (const name of JSON.parse(pages)) {
  const page = await browser.newPage({ viewport: PAPER, colorScheme: "dark" });
  await page.goto(server.url + name, { waitUntil: "networkidle" });
  await page.evaluate(() => {
    localStorage.clear();
    const bright = (colour) => colour.match(/\d+/g).slice(0, 3).reduce((sum, c) => sum + +c, 0) > 384;
    const look = () => {
      const { color, backgroundColor } = getComputedStyle(document.body);
      return `${bright(color) ? "bright" : "dark"} on ${bright(backgroundColor) ? "bright" : "dark"}`;
    };
    document.documentElement.dataset.mode = document.documentElement.dataset.theme = "dark";
    window.themes = [look()];
    const note = () => window.themes.push(look());
    addEventListener("beforeprint", note);
    addEventListener("afterprint", () => setTimeout(note));
  });
  const sheet = await page.pdf({ format: "A4" });
  await page.waitForFunction(() => window.themes.length === 3);
  const themes = await page.evaluate(() => window.themes);
  await page.emulateMedia({ media: "print" });
  const cut = await page.evaluate(() => {
    const paper = document.documentElement.clientWidth;
    return [...document.querySelectorAll("article :is(table, pre, img, .katex-display)")]
      .filter((e) => e.checkVisibility())
      .filter((e) => e.getBoundingClientRect().right > paper + 1 || e.scrollWidth > e.clientWidth + 1)
      .map((e) => `${e.tagName} ${e.textContent.trim().slice(0, 40)}`);
  });
  report.printed[name] = { themes, cut, size: sheet.length };
  await page.close();
}
await browser.close();
await server.close();
console.log(JSON.stringify(report));
