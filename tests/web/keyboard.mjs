// Walk with the Tab key through pages of a built site and print, as JSON, what was not reached
// and where no focus could be seen.      node keyboard.mjs FOLDER PAGE ...
import { launch } from "./browser.mjs";
import { serve } from "./server.mjs";

const [folder, ...pages] = process.argv.slice(2);
const browser = await launch();

/** Number the controls that a mouse can use, and remember how each looks without the focus. */
function markControls() {
  const look = (element) => {
    const { outlineStyle, outlineWidth, boxShadow, backgroundColor, borderColor } =
      getComputedStyle(element);
    return [outlineStyle, outlineWidth, boxShadow, backgroundColor, borderColor].join();
  };
  document.head.insertAdjacentHTML("beforeend",
    "<style>*, ::before, ::after { transition: none !important }</style>");
  const groups = new Set();
  const controls = [...document.querySelectorAll(
    "a[href], button, input, select, textarea, summary, [tabindex], [contenteditable=true]",
  )].filter((element) => {
    // The signs beside headings show under the mouse only; the contents beside the page hold the
    // same links.
    if (!element.checkVisibility({ visibilityProperty: true })) return false;
    if (element.tabIndex < 0 || element.disabled) return false;
    if (element.type !== "radio") return true;
    // Tab goes to one radio button of a group; the arrow keys do the rest.
    const first = !groups.has(element.name);
    groups.add(element.name);
    return first;
  });
  controls.forEach((element, number) => {
    element.dataset.number = number;
    element.dataset.look = look(element);
  });
  window.focused = () => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const name = (element.getAttribute("aria-label") ?? element.textContent).trim().slice(0, 40);
    return {
      number: element.type === "radio"
        ? document.querySelector(`[name="${element.name}"][data-number]`)?.dataset.number
        : element.dataset.number,
      name: `${element.tagName.toLowerCase()} ${name}`,
      visible: look(element) !== element.dataset.look,
    };
  };
  return controls.map((e) => `${e.tagName.toLowerCase()}#${e.id}.${e.className} ${e.textContent.trim().slice(0, 40)}`);
}

const server = await serve(folder);
const report = {};
for (const name of pages) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(server.url + name, { waitUntil: "networkidle" });
  const controls = await page.evaluate(markControls);
  const reached = new Set();
  const unseen = [];
  // The contents beside the page unfold where the reader is: some of it is folded by now.
  const missed = async () => (await page.evaluate(() => [...document.querySelectorAll("[data-number]")]
    .filter((e) => e.checkVisibility({ visibilityProperty: true }))
    // The place of a demo takes the focus until the demo is built.
    .filter((e) => e.tabIndex >= 0).map((e) => e.dataset.number)))
    .filter((number) => !reached.has(number)).map((number) => controls[number]);
  // Once around: past the last control the focus leaves the page, and comes back to the first.
  // What had been folded then is reached the second time.
  for (let step = 0; step < 2 * controls.length + 20; step++) {
    await page.keyboard.press("Tab");
    const focus = await page.evaluate(() => window.focused());
    if (focus?.number === undefined) continue;
    const [first] = reached;
    if (focus.number === first && !(await missed()).length) break;
    if (!reached.has(focus.number) && !focus.visible) unseen.push(focus.name);
    reached.add(focus.number);
  }
  report[name] = { controls: controls.length, missed: await missed(), unseen };
  await page.close();
}
await browser.close();
await server.close();
console.log(JSON.stringify(report));
