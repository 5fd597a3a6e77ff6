// The browser, and the packages that the tests of the pages use: they lie in site/node_modules.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const { resolve } = createRequire(new URL("../../site/package.json", import.meta.url));

/** A module of an installed package. */
export const load = (name) => import(pathToFileURL(resolve(name)));

export const BROWSER = process.env.CHROMIUM ?? "/usr/bin/chromium";
// Chromium's own sandbox does not work for root.
export const ARGUMENTS = process.getuid?.() === 0 ? ["--no-sandbox"] : [];

/** Start the browser. */
export async function launch() {
  const { default: playwright } = await load("playwright-core");
  return playwright.chromium.launch({ executablePath: BROWSER, args: ARGUMENTS });
}

const AXE = readFileSync(resolve("axe-core/axe.min.js"), "utf8");

/** What bars people from a page, or from a part of it: the rules of axe that it breaks. */
export async function violations(page, within = "html") {
  await page.evaluate(AXE);
  // Of what passes, axe would otherwise describe every element: half of its time.
  return page.evaluate(
    async (part) => (await globalThis.axe.run(part, { resultTypes: ["violations"] })).violations,
    within);
}
