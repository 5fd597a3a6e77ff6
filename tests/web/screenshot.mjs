// Take the README's picture of the landing page, from a server, so that the demo runs.
//   node screenshot.mjs FOLDER PICTURE
import { launch } from "./browser.mjs";
import { serve } from "./server.mjs";

const [folder, picture] = process.argv.slice(2);
const server = await serve(folder);
const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1280, height: 1500 }, colorScheme: "light" });
await page.goto(`${server.url}index.html`);
await page.locator(".demo-pad").scrollIntoViewIfNeeded(); // what is loaded on scroll
await page.getByRole("button", { name: "Take a test digit: 5" }).click();
await page.waitForTimeout(2000);
await page.evaluate(() => window.scrollTo(0, 0));
await page.screenshot({ path: picture });
await browser.close();
await server.close();
