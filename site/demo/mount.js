// Brings the page's demos to life: each <div data-demo="..."> gets its module when it comes into
// view. A classic script, because from a file: address browsers load no modules.
(() => {
  const base = new URL(".", document.currentScript.src);
  // What a page may ask for: the module, and what a screen reader calls its place.
  const demos = {
    draw: ["draw.js", "Draw a digit"],
    "draw-small": ["draw.js", "Draw a digit"],
    explorer: ["explorer.js", "Explorer of the maps"],
    components: ["figures/components.js", "Digits rebuilt from k components"],
    bottleneck: ["figures/bottleneck.js", "The code as bars"],
    layers: ["figures/layers.js", "The network layer by layer"],
    runs: ["figures/runs.js", "Runs of t-SNE"],
    noise: ["figures/noise.js", "Noise of any strength"],
    prior: ["figures/prior.js", "Map of decoded codes"],
    strokes: ["figures/strokes.js", "A digit as a sum of features"],
    train: ["train/train.js", "Train an autoencoder"],
    "train-small": ["train/train.js", "Train an autoencoder"],
  };
  const started = new WeakSet();

  function say(element, sentence) {
    const paragraph = document.createElement("p");
    paragraph.className = "demo-message";
    paragraph.setAttribute("role", "alert");
    paragraph.textContent = sentence;
    element.replaceChildren(paragraph);
  }

  async function start(element) {
    if (started.has(element)) return;
    started.add(element);
    watcher.unobserve(element);
    try {
      const module = await import(new URL(demos[element.dataset.demo][0], base));
      await module.mount(element, base);
      element.dataset.ready = "";
      element.tabIndex = -1; // what is in it takes the focus from now on
    } catch (error) {
      console.error(error);
      say(element, `This demo could not start: ${error.message} Reload the page to try again.`);
    }
  }

  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (isIntersecting) start(target);
      }
    },
    { rootMargin: "100px" },
  );

  for (const element of document.querySelectorAll("[data-demo]")) {
    element.setAttribute("role", "group");
    element.setAttribute("aria-label", demos[element.dataset.demo][1]);
    if (location.protocol === "file:") {
      say(element, "This demo runs when the book comes from a web server: the command “make serve” starts one.");
    } else {
      watcher.observe(element);
      // Who goes from control to control with the Tab key may come to its place before it is in
      // sight. The place takes the focus, is built, and the next Tab goes into it.
      element.tabIndex = 0;
      element.addEventListener("focus", () => start(element), { once: true });
    }
  }
})();
