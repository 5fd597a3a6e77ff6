// Brings the page's demos to life: each <div data-demo="..."> gets its module when it comes into
// view. A classic script, because from a file: address browsers load no modules.
(() => {
  const base = new URL(".", document.currentScript.src);
  const modules = {
    draw: "draw.js", "draw-small": "draw.js", explorer: "explorer.js",
    train: "train/train.js", "train-small": "train/train.js",
  };

  function say(element, sentence) {
    const paragraph = document.createElement("p");
    paragraph.className = "demo-message";
    paragraph.setAttribute("role", "alert");
    paragraph.textContent = sentence;
    element.replaceChildren(paragraph);
  }

  async function start(element) {
    try {
      const module = await import(new URL(modules[element.dataset.demo], base));
      await module.mount(element, base);
      element.dataset.ready = "";
    } catch (error) {
      console.error(error);
      say(element, `This demo could not start: ${error.message} Reload the page to try again.`);
    }
  }

  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        watcher.unobserve(target);
        start(target);
      }
    },
    { rootMargin: "100px" },
  );

  for (const element of document.querySelectorAll("[data-demo]")) {
    if (location.protocol === "file:") {
      say(element, "This demo runs when the book comes from a web server: the command “make serve” starts one.");
    } else {
      watcher.observe(element);
    }
  }
})();
