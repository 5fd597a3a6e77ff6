// Print a page as a tagged PDF with an outline, once it is whole: what SELECTOR names is there, and
// fonts and pictures are.   node print.mjs ADDRESS SELECTOR FILE
import { launch } from "./browser.mjs";

const [address, selector, path] = process.argv.slice(2);
const browser = await launch();
const page = await browser.newPage();
await page.goto(address);
await page.waitForSelector(selector, { state: "attached" });
await page.evaluate(async () => {
  await document.fonts.ready;
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
});
const margin = Object.fromEntries(["top", "right", "bottom", "left"].map((side) => [side, "1cm"]));
await page.pdf({
  path, margin, tagged: true, outline: true, preferCSSPageSize: true, printBackground: true,
});
await browser.close();
