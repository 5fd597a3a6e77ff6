// Visit addresses of a built site below a folder, as a reader with an old link does, and print
// what was seen as JSON.      node lost.mjs FOLDER BASE PATH ...
import { launch } from "./browser.mjs";
import { serve } from "./server.mjs";

const [folder, base, ...paths] = process.argv.slice(2);
const server = await serve(folder, base);
const browser = await launch();
const within = (url) => url.slice(server.url.length);
const seen = [];
for (const path of paths) {
  const page = await browser.newPage();
  const bad = [];
  page.on("response", (r) => {
    if (r.status() !== 200) bad.push(within(r.url()));
  });
  page.on("pageerror", (error) => bad.push(error.message));
  await page.goto(server.url + path, { waitUntil: "networkidle" });
  const links = await page.$$eval("a[href]", (all) => all.map((a) => a.href.split("#")[0]));
  seen.push({
    bad,
    at: within(page.url()),
    title: await page.textContent("h1"),
    links: links.filter((link) => link.startsWith(server.url)).map(within),
  });
}
await browser.close();
await server.close();
console.log(JSON.stringify(seen));
