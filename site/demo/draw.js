// The page "Draw a digit": a drawing area, the four models' answers, the code as sliders, and the
// way from one digit to another.

import { announcer, el, newId, onceAFrame, picture, show } from "./dom.js";
import { PEN_RADIUS, SIDE, between, centred, noisy, normals, rasterise } from "./digit.js";
import { loadModels, meanSquaredError } from "./engine.js";

const PIXELS = SIDE * SIDE;
const STEPS = 9; // pictures on the way from one digit to another
const TITLES = { pca: "PCA", dense: "Dense autoencoder", conv: "Convolutional autoencoder" };
const CODES = { pca: "20 numbers", dense: "20 numbers", conv: "64 numbers" };

/** Cut the picture of sample digits into arrays of grey values: digits[class][number]. */
export async function loadDigits(base, places) {
  const sheet = new Image();
  sheet.src = new URL("data/digits.png", base);
  await sheet.decode();
  const canvas = el("canvas", { width: sheet.width, height: sheet.height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(sheet, 0, 0);
  return places.map((row, digit) =>
    row.map((_, i) => {
      const { data } = context.getImageData(SIDE * i, SIDE * digit, SIDE, SIDE);
      return Float32Array.from({ length: PIXELS }, (_, at) => data[4 * at] / 255);
    }),
  );
}

/** Build the demo in `root`. A small one has the models' answers only. */
export async function mount(root, base) {
  const { networks, codes, digits: places } = await loadModels(base);
  const digits = await loadDigits(base, places);
  const small = root.dataset.demo === "draw-small";
  const voice = announcer();

  const answers = answersPart(networks, voice);
  const walk = small ? null : codePart(networks, codes, voice);
  const way = small ? null : interpolationPart(networks.dense, digits);

  const timed = (name, work) => {
    performance.mark("demo-start");
    work();
    performance.measure(name, "demo-start");
  };
  // The lowest part, seldom in sight, is a frame behind: the answers beside the pen come first.
  const updateBelow = onceAFrame(() => timed("demo-update-below", () => way.update(input.image())));
  const update = onceAFrame(() => {
    timed("demo-update", () => {
      const image = input.image();
      answers.update(image);
      walk?.update(image);
    });
    if (way) updateBelow();
  });
  const input = inputPart(digits, voice, update);

  const first = el("div", { className: "demo-row" }, input.element, answers.element);
  root.replaceChildren(first, voice.region);
  for (const part of [walk, way]) if (part) root.append(part.element);
  input.pick(7, 0); // the first image of the test set
}

// ---------------------------------------------------------------------------------- the input

function inputPart(digits, voice, changed) {
  let strokes = [];
  let sample = null; // a test digit, while nothing is drawn
  let drawing = false;
  const cursor = { x: 14, y: 14, down: false, shown: false };

  const pad = el("canvas", { width: 280, height: 280, className: "demo-pad", tabIndex: 0 });
  const help = el(
    "p",
    { className: "demo-hint", id: newId() },
    "Draw with mouse or finger. With the keyboard: arrow keys move the pen, Space lowers or " +
      "lifts it, Backspace takes back a stroke, Delete clears.",
  );
  pad.setAttribute("role", "application");
  pad.setAttribute("aria-label", "Drawing area");
  pad.setAttribute("aria-describedby", help.id);

  function image() {
    return sample ?? centred(strokes);
  }

  function redraw() {
    const context = pad.getContext("2d");
    const scale = pad.width / SIDE;
    context.fillStyle = "black";
    context.fillRect(0, 0, pad.width, pad.height);
    context.strokeStyle = "white";
    context.lineWidth = 2 * PEN_RADIUS * scale;
    context.lineCap = context.lineJoin = "round";
    for (const stroke of strokes) {
      context.beginPath();
      for (const [x, y] of [stroke[0], ...stroke]) context.lineTo(scale * x, scale * y);
      context.stroke();
    }
    if (sample) {
      const canvas = picture("");
      show(canvas, sample);
      context.imageSmoothingEnabled = false;
      context.drawImage(canvas, 0, 0, pad.width, pad.height);
    }
    if (cursor.shown) {
      context.lineWidth = 2;
      context.strokeStyle = cursor.down ? "#ffb000" : "#8fb8ff";
      context.beginPath();
      context.arc(scale * cursor.x, scale * cursor.y, PEN_RADIUS * scale, 0, 2 * Math.PI);
      context.stroke();
    }
    changed();
  }
  const redrawSoon = onceAFrame(redraw);

  function begin(point) {
    if (sample) strokes = [];
    sample = null;
    strokes.push([point]);
    redrawSoon();
  }

  function draw(point) {
    strokes.at(-1).push(point);
    redrawSoon();
  }

  function undo() {
    sample = null;
    strokes.pop();
    cursor.down = false;
    redrawSoon();
    voice.say("Last stroke taken back.", 0);
  }

  function clear() {
    sample = null;
    strokes = [];
    cursor.down = false;
    redrawSoon();
    voice.say("Cleared.", 0);
  }

  const at = (event) => {
    const box = pad.getBoundingClientRect();
    return [
      (SIDE * (event.clientX - box.left)) / box.width,
      (SIDE * (event.clientY - box.top)) / box.height,
    ];
  };
  pad.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || drawing) return; // a second finger draws nothing
    drawing = true;
    cursor.shown = cursor.down = false;
    pad.setPointerCapture(event.pointerId);
    begin(at(event));
  });
  pad.addEventListener("pointermove", (event) => {
    if (!drawing) return;
    for (const part of event.getCoalescedEvents?.() ?? [event]) draw(at(part));
  });
  for (const end of ["pointerup", "pointercancel"]) {
    pad.addEventListener(end, () => {
      drawing = false;
    });
  }

  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  pad.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    cursor.shown = true;
    if (event.key in moves) {
      const [dx, dy] = moves[event.key];
      cursor.x = Math.max(0, Math.min(SIDE, cursor.x + dx));
      cursor.y = Math.max(0, Math.min(SIDE, cursor.y + dy));
      if (cursor.down) draw([cursor.x, cursor.y]);
      voice.say(`Column ${cursor.x}, row ${cursor.y}, pen ${cursor.down ? "down" : "up"}`, 200);
    } else if (event.key === " ") {
      cursor.down = !cursor.down;
      if (cursor.down) begin([cursor.x, cursor.y]);
      voice.say(cursor.down ? "Pen down" : "Pen up", 0);
    } else if (event.key === "Backspace") undo();
    else if (event.key === "Delete") clear();
    else return;
    event.preventDefault();
    redrawSoon();
  });
  pad.addEventListener("blur", () => {
    cursor.shown = cursor.down = false;
    redrawSoon();
  });

  function pick(digit, number) {
    sample = digits[digit][number];
    strokes = [];
    cursor.down = false;
    redrawSoon();
  }

  let number = 0;
  const buttons = digits.map((_, digit) => {
    const canvas = picture("");
    canvas.setAttribute("aria-hidden", "true");
    canvas.removeAttribute("role");
    canvas.removeAttribute("aria-label");
    const button = el("button", { type: "button", className: "demo-thumb" }, canvas);
    button.setAttribute("aria-label", `Take a test digit: ${digit}`);
    button.addEventListener("click", () => pick(digit, number));
    return button;
  });
  function showThumbs() {
    buttons.forEach((button, digit) => show(button.firstChild, digits[digit][number]));
  }
  showThumbs();
  const others = el("button", { type: "button", className: "demo-button" }, "Other test digits");
  others.addEventListener("click", () => {
    number = (number + 1) % digits[0].length;
    showThumbs();
    voice.say(`Test digits, set ${number + 1} of ${digits[0].length}.`, 0);
  });
  const thumbs = el("div", { className: "demo-thumbs" }, ...buttons);
  thumbs.setAttribute("role", "group");
  thumbs.setAttribute("aria-label", "Test digits");

  const undoButton = el("button", { type: "button", className: "demo-button" }, "Undo");
  const clearButton = el("button", { type: "button", className: "demo-button" }, "Clear");
  undoButton.addEventListener("click", undo);
  clearButton.addEventListener("click", clear);

  const element = el(
    "div",
    { className: "demo-input" },
    pad,
    el("div", { className: "demo-buttons" }, undoButton, clearButton, others),
    thumbs,
    help,
  );
  return { element, image, pick };
}

// ------------------------------------------------------------------------ the models' answers

function answersPart(networks, voice) {
  let image = new Float32Array(PIXELS);
  let seed = 0;
  let noise = normals(PIXELS, seed);

  const figures = {};
  function figure(name, title, detail) {
    const canvas = picture(title);
    const error = el("span", { className: "demo-error" });
    figures[name] = { canvas, error, title };
    const caption = el("figcaption", {}, el("strong", {}, title), el("br"), detail);
    if (name !== "input") caption.append(el("br"), error);
    return el("figure", { className: "demo-figure" }, canvas, caption);
  }
  const all = el(
    "div",
    { className: "demo-figures" },
    figure("input", "Input", "784 pixels"),
    ...Object.keys(TITLES).map((name) => figure(name, TITLES[name], CODES[name])),
    figure("noisy", "With noise", "clipped to [0, 1]"),
    figure("denoising", "Denoised", "from the noisy image"),
  );

  const slider = el("input", {
    type: "range", min: "0", max: "1", step: "0.05", value: "0.5", id: newId(),
  });
  // The slider itself tells a screen reader its value.
  const value = el("span", { ariaHidden: "true" }, "0.50");
  const again = el("button", { type: "button", className: "demo-button" }, "New noise");

  function put(name, picture, other) {
    const { canvas, error, title } = figures[name];
    show(canvas, picture);
    const mse = meanSquaredError(picture, other).toFixed(4);
    error.textContent = `MSE ${mse}`;
    canvas.setAttribute("aria-label", `${title}, mean squared error ${mse}`);
    return `${title} ${mse}`;
  }

  function updateNoise() {
    const factor = Number(slider.value);
    value.textContent = factor.toFixed(2);
    const spoiltImage = noisy(image, noise, factor);
    return [
      put("noisy", spoiltImage, image),
      put("denoising", networks.denoising.predict(spoiltImage), image),
    ];
  }

  function update(newImage) {
    image = newImage;
    show(figures.input.canvas, image);
    const errors = Object.keys(TITLES).map((name) =>
      put(name, networks[name].predict(image), image),
    );
    errors.push(...updateNoise());
    voice.say(`Mean squared errors: ${errors.join(", ")}.`, 1500);
  }

  const updateNoiseSoon = onceAFrame(() => {
    const errors = updateNoise();
    voice.say(`Mean squared errors: ${errors.join(", ")}.`);
  });
  slider.addEventListener("input", updateNoiseSoon);
  again.addEventListener("click", () => {
    noise = normals(PIXELS, ++seed);
    updateNoiseSoon();
  });

  const control = el(
    "div",
    { className: "demo-control" },
    el("label", { htmlFor: slider.id }, "Noise"),
    slider,
    value,
    again,
  );
  return { element: el("div", { className: "demo-answers" }, all, control), update };
}

// ----------------------------------------------------------------------------- the code, a walk

function codePart(networks, ranges, voice) {
  let image = new Float32Array(PIXELS);
  let name = "dense";
  let code = null;

  const result = picture("Decoded");
  const error = el("span", { className: "demo-error" });
  const sliders = Array.from({ length: 20 }, (_, i) => {
    const slider = el("input", { type: "range", className: "demo-bar", step: "any" });
    slider.setAttribute("aria-label", `Code value ${i + 1}`);
    slider.addEventListener("input", () => {
      code[i] = Number(slider.value);
      decodeSoon();
    });
    return slider;
  });

  function limits(i) {
    const [low, high] = [ranges[name].low[i], ranges[name].high[i]];
    // Room for a drawing whose code lies outside of what the test digits have.
    return [Math.min(low, code[i]), Math.max(high, code[i], low + 0.1)];
  }

  function showSlider(slider, i) {
    const [low, high] = limits(i);
    // A browser lays a slider out anew at each change, so its limits are set when they are new.
    if (slider.min !== `${low}` || slider.max !== `${high}`) {
      Object.assign(slider, { min: low, max: high });
      slider.step = (high - low) / 100; // an arrow key moves by a hundredth
    }
    slider.value = code[i];
    slider.setAttribute("aria-valuetext", code[i].toFixed(2));
    const place = (v) => `${(100 * (v - low)) / (high - low)}%`;
    slider.style.setProperty("--from", place(Math.min(code[i], Math.max(low, 0))));
    slider.style.setProperty("--to", place(Math.max(code[i], Math.max(low, 0))));
  }

  function decode() {
    const decoded = networks[name].decode(code);
    show(result, decoded);
    const mse = meanSquaredError(decoded, image).toFixed(4);
    error.textContent = `MSE to the input ${mse}`;
    result.setAttribute("aria-label", `Decoded image, mean squared error to the input ${mse}`);
    sliders.forEach(showSlider);
    voice.say(`Decoded. Mean squared error to the input ${mse}.`);
  }
  const decodeSoon = onceAFrame(decode);

  function encode() {
    code = networks[name].encode(image);
    decode();
  }

  const group = newId();
  const choices = ["dense", "pca"].map((choice) => {
    const radio = el("input", { type: "radio", name: group, id: newId() });
    radio.checked = choice === name;
    radio.addEventListener("change", () => {
      name = choice;
      encode();
    });
    return [radio, el("label", { htmlFor: radio.id }, TITLES[choice])];
  });
  const back = el("button", { type: "button", className: "demo-button" }, "Back to the digit");
  back.addEventListener("click", encode);
  const random = el("button", { type: "button", className: "demo-button" }, "Random code");
  random.addEventListener("click", () => {
    const { low, high } = ranges[name];
    code = code.map((_, i) => low[i] + Math.random() * (high[i] - low[i]));
    decodeSoon();
  });

  const bars = el(
    "div",
    { className: "demo-bars" },
    ...sliders.map((slider, i) =>
      el("div", {}, slider, el("span", { ariaHidden: "true" }, `${i + 1}`)),
    ),
  );
  bars.setAttribute("role", "group");
  bars.setAttribute("aria-label", "The 20 values of the code");
  const fieldset = el("fieldset", { className: "demo-choice" }, el("legend", {}, "Decoder"));
  for (const pair of choices) fieldset.append(el("span", {}, ...pair));

  const element = el(
    "section",
    { className: "demo-part" },
    el("h2", {}, "Walk through the code"),
    el(
      "p",
      {},
      "Each bar is one of the 20 numbers between encoder and decoder. Drag one, or move it with " +
        "the arrow keys, and the decoder answers.",
    ),
    fieldset,
    el(
      "div",
      { className: "demo-row" },
      bars,
      el(
        "figure",
        { className: "demo-figure" },
        result,
        el("figcaption", {}, el("strong", {}, "Decoded"), el("br"), error),
      ),
    ),
    el("div", { className: "demo-buttons" }, back, random),
  );
  return {
    element,
    update(newImage) {
      image = newImage;
      encode();
    },
  };
}

// ------------------------------------------------------------- the way from one digit to another

function interpolationPart(network, digits) {
  let image = new Float32Array(PIXELS);

  function chooser(label, chosen) {
    const select = el("select", { id: newId() }, new Option("your digit", "input"));
    digits.forEach((_, digit) => select.append(new Option(`test digit ${digit}`, digit)));
    select.value = chosen;
    select.addEventListener("change", updateSoon);
    return { select, element: el("label", { htmlFor: select.id }, `${label} `, select) };
  }
  const chosenImage = ({ select }) =>
    select.value === "input" ? image : digits[Number(select.value)][0];

  const codes = picture("Nine steps between the codes", STEPS);
  const pixels = picture("Nine steps between the pixels", STEPS);
  const large = { code: picture("Between the codes"), pixel: picture("Between the pixels") };
  const slider = el("input", {
    type: "range", min: "0", max: "1", step: "0.01", value: "0.5", id: newId(),
  });
  const value = el("span", { ariaHidden: "true" }, "50 %");

  let ends = null;
  function showStep() {
    const t = Number(slider.value);
    value.textContent = `${Math.round(100 * t)} %`;
    slider.setAttribute("aria-valuetext", value.textContent);
    show(large.code, network.decode(between(ends.codeA, ends.codeB, t)));
    show(large.pixel, between(ends.a, ends.b, t));
  }

  function update() {
    const [a, b] = [chosenImage(from), chosenImage(to)];
    ends = { a, b, codeA: network.encode(a), codeB: network.encode(b) };
    for (let step = 0; step < STEPS; step++) {
      const t = step / (STEPS - 1);
      show(codes, network.decode(between(ends.codeA, ends.codeB, t)), step);
      show(pixels, between(a, b, t), step);
    }
    showStep();
  }
  const updateSoon = onceAFrame(update);
  slider.addEventListener("input", onceAFrame(showStep));
  const from = chooser("From", "input");
  const to = chooser("to", "2");

  const figure = (canvas, title) =>
    el("figure", { className: "demo-figure" }, canvas, el("figcaption", {}, title));
  const strip = (canvas, title) =>
    el("figure", { className: "demo-strip" }, el("figcaption", {}, title), canvas);
  const element = el(
    "section",
    { className: "demo-part" },
    el("h2", {}, "From one digit to another"),
    el(
      "p",
      {},
      "Half of one code and half of another, decoded, is a digit in between. " +
        "Half of one image and half of another is two faint digits.",
    ),
    el("div", { className: "demo-control" }, from.element, to.element),
    strip(codes, "Between the codes of the dense autoencoder"),
    strip(pixels, "Between the pixels"),
    el(
      "div",
      { className: "demo-control" },
      el("label", { htmlFor: slider.id }, "Position"),
      slider,
      value,
    ),
    el(
      "div",
      { className: "demo-figures" },
      figure(large.code, "Between the codes"),
      figure(large.pixel, "Between the pixels"),
    ),
  );
  return {
    element,
    update(newImage) {
      image = newImage;
      if (from.select.value === "input" || to.select.value === "input" || !ends) update();
    },
  };
}
