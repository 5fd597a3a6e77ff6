// A network that learns in a worker: what is known of it, and what a reader can do with it.
// Nothing is fetched before the reader asks for something that needs it. How it looks is the
// page's affair.

import { Curve } from "./chart.js";
import { makeWorker } from "./client.js";
import { BUILDS, presetSettings } from "./presets.js";
import { keep, recall } from "./store.js";
import { exploded, plural, three, troubleOf } from "./words.js";

const RECORD = "last";
const KEEP_EVERY = 5000; // milliseconds, while a network learns

export class Session {
  running = false;
  curves = { train: new Curve(), test: new Curve() };
  progress = { steps: 0, epoch: 0, seconds: 0 };
  look = null; // the last one at the test images
  known = null; // what the worker said about the digits: { examples, labels, dataset }
  pca = null;
  previous = null; // a record that can be brought back
  rate = null; // steps a second
  #moment = null; // when the rate was measured last: { seconds, steps }
  #worker = null; // a promise, once the reader has started
  #state = null; // a network to go on from, until the worker has it
  #version = 0; // counts the networks: what the worker still says of the last one is not heard
  #told = ""; // the trouble that the reader knows about
  #turn = Promise.resolve();
  #kept = 0; // when the last record was kept

  /**
   * `page` has `show()`, `showSoon()`, `say(sentence)`, which is seen and spoken, and
   * `speak(sentence)`; with `keeps`, what was trained survives a reload.
   */
  constructor(base, settings, page, keeps) {
    Object.assign(this, { base, settings, page, keeps });
    this.goal = settings.epochs;
    setInterval(() => {
      if (this.running && performance.now() - this.#kept > KEEP_EVERY) this.#remember();
    }, 1000);
    document.addEventListener("visibilitychange", () => {
      if (document.hidden && this.running) this.#remember();
    });
  }

  /** Do one thing after the other, as the reader asked for them, whatever became of the last. */
  attempt(work) {
    this.#turn = this.#turn.then(() => this.guard(work)).catch(console.error);
  }

  async guard(work) {
    try {
      await work();
    } catch (error) {
      console.error(error);
      this.page.say(error.message);
      this.page.show();
    }
  }

  // ------------------------------------------------------------------------------- the worker

  /** The worker with digits and network; loads both when first asked. */
  ready() {
    this.#worker ??= this.#load();
    return this.#worker;
  }

  async #load() {
    const made = makeWorker((event) => this.#hear(event));
    try {
      this.page.say("The digits are being loaded …");
      const { raw, examples, labels } = await made.call("load", { base: String(this.base) });
      this.known = { examples, labels, dataset: raw.dataset };
      this.page.say(this.#standIn());
      await made.call("settings", { settings: this.settings, state: this.#state, version: this.#version });
      this.#state = null;
      if (this.pca) await made.call("components", { components: this.pca.components });
      else this.guard(() => this.#computePca(made, raw));
      return made;
    } catch (error) {
      made.end();
      this.#worker = null; // the next click tries again
      throw new Error(`The digits could not be loaded: ${error.message}`);
    }
  }

  async #computePca(made, raw) {
    const other = makeWorker(() => {});
    try {
      await other.call("take", { raw });
      this.pca = await other.call("pca");
    } finally {
      other.end();
    }
    await made.call("components", { components: this.pca.components });
    this.page.show();
  }

  /** Ask the worker if there is one; null if not. */
  async #tellWorker(type, message = {}) {
    return this.#worker ? (await this.#worker).call(type, message) : null;
  }

  #hear(event) {
    if (event.version !== this.#version) return;
    const { steps, epoch, seconds, mse } = event;
    if (event.event === "progress") {
      this.progress = { steps, epoch, seconds };
      this.curves.train.add(steps, mse);
      this.#measureRate();
    } else if (event.event === "look") {
      this.look = event;
      this.progress = { steps, epoch, seconds };
      if (steps || !this.curves.test.points.length) this.curves.test.add(steps, mse);
      this.#diagnose();
      if (exploded(event) && this.running) this.attempt(() => this.pause());
    } else if (event.event === "finished") {
      this.running = false;
      this.page.speak(`Finished after ${plural(this.progress.epoch, "epoch")}. ${this.#testError()}`);
      this.#remember();
    } else if (event.event === "failed") {
      this.running = false;
      this.page.say(`Training has stopped: ${event.message}`);
    }
    this.page.showSoon();
  }

  #measureRate() {
    const { steps, seconds } = this.progress;
    const before = this.#moment;
    if (before && seconds - before.seconds <= 1 && steps >= before.steps) return;
    const rate = before && seconds > before.seconds ? (steps - before.steps) / (seconds - before.seconds) : 0;
    this.#moment = { seconds, steps };
    this.rate = rate > 0 ? rate : null;
  }

  #testError() {
    return `Test error ${three(this.look?.mse)}.`;
  }

  #standIn() {
    return this.known?.dataset === "standin"
      ? "This site was built without MNIST: the digits are a stand-in, warped copies of scikit-learn’s small digits."
      : "";
  }

  /** Notice what has gone wrong with a network, and say it once. */
  #diagnose() {
    if (!this.look) return;
    const trouble = troubleOf(this.look, this.settings);
    if (trouble === this.#told) return;
    this.#told = trouble;
    this.page.say(trouble || this.#standIn());
  }

  // --------------------------------------------------------------------------- what is done

  async start() {
    const made = await this.ready();
    this.#moment = this.rate = null;
    this.running = true;
    ({ goal: this.goal } = await made.call("start"));
    this.page.speak("Training.");
    this.page.show();
  }

  async pause() {
    this.running = false;
    this.page.show();
    if (!this.#worker) return;
    await this.#tellWorker("pause");
    this.page.speak(`Paused at step ${this.progress.steps.toLocaleString("en")}. ${this.#testError()}`);
    this.page.show();
    this.#remember();
  }

  async step() {
    this.running = false;
    await (await this.ready()).call("step");
    this.page.speak(`Step ${this.progress.steps.toLocaleString("en")}. ${this.#testError()}`);
    this.#remember();
  }

  async reset() {
    await this.#renew(this.settings);
    await this.#tellWorker("reset", { settings: this.settings, version: this.#version });
    this.page.speak("Reset. The network is untrained.");
    this.page.show();
  }

  /** Start the story of a preset. */
  async tell(name) {
    await this.#renew(presetSettings(name));
    await this.#tellWorker("reset", { settings: this.settings, version: this.#version });
    await this.start();
  }

  /** Go on with the weights of a file. */
  async take(settings, weights, file) {
    await this.#renew(settings);
    await (await this.ready()).call("weightsIn", { settings, version: this.#version, weights });
    this.page.speak(`The weights of ${file} are loaded. ${this.#testError()}`);
    this.page.show();
  }

  /** New settings; a network that learns goes on learning, from the beginning if it is another. */
  async change(next) {
    const rebuilt = BUILDS.some((key) => next[key] !== this.settings[key]);
    const wasRunning = this.running;
    const aside = rebuilt ? this.#putAside() : null;
    if (next.epochs !== this.settings.epochs) this.goal = next.epochs;
    this.settings = next;
    if (rebuilt) this.#forget();
    this.page.show();
    await aside;
    if (!this.#worker) {
      if (this.#state) this.#state = { ...this.#state, settings: next };
      return;
    }
    await this.#tellWorker("settings", { settings: this.settings, version: this.#version });
    if (wasRunning) await this.start();
  }

  /** What the decoder makes of places on the map; null while nothing is loaded. */
  async decode(places) {
    return this.#tellWorker("decode", { places }).catch(() => null); // that network is gone
  }

  /** An image as the network gets it, and what it makes of it: { input, output }. */
  async rebuild(images) {
    return (await this.ready()).call("rebuild", { images });
  }

  async weights() {
    return (await this.ready()).call("weightsOut");
  }

  // -------------------------------------------------------------------- one network, another

  /** Put the present network aside, and be as if nothing had been trained. */
  async #renew(settings) {
    const aside = this.#putAside();
    this.running = false;
    this.settings = settings;
    this.#forget();
    this.page.show();
    await aside;
  }

  #forget() {
    this.#version++;
    this.curves = { train: new Curve(), test: new Curve() };
    this.progress = { steps: 0, epoch: 0, seconds: 0 };
    this.look = this.rate = this.#state = this.#moment = null;
    this.#told = "";
    this.goal = this.settings.epochs;
    this.page.say(this.#standIn());
  }

  async #putAside() {
    if (!this.progress.steps) return;
    this.previous = await this.#record();
    this.page.show();
  }

  /** All that a reload must not lose. */
  async #record() {
    const { settings, progress, look, known, pca, curves } = this;
    const record = {
      settings, progress, look, known, pca, state: this.#state,
      curves: { train: curves.train.points, test: curves.test.points },
    };
    record.state ??= await this.#tellWorker("state");
    return record;
  }

  #restore(record) {
    this.#version++;
    const { settings, state, progress, look, known, pca, curves } = record;
    Object.assign(this, { settings, progress, look });
    this.known = known ?? this.known;
    this.pca = pca ?? this.pca;
    this.#state = state;
    this.curves = { train: new Curve(curves.train), test: new Curve(curves.test) };
    this.goal = Math.max(settings.epochs, progress.epoch);
    this.#told = "";
    this.#diagnose();
  }

  async bringBack() {
    const record = this.previous;
    if (!record) return; // brought back a moment ago
    await this.#putAside();
    if (this.previous === record) this.previous = null;
    this.running = false;
    this.#restore(record);
    this.page.show();
    if (!this.#worker) return;
    await this.#tellWorker("settings", { settings: this.settings, state: this.#state, version: this.#version });
    this.#state = null;
    this.#remember();
  }

  /** Keep a record; nobody need wait for it. */
  #remember() {
    if (!this.keeps || !this.progress.steps) return;
    this.#kept = performance.now();
    this.guard(async () => keep(RECORD, await this.#record()));
  }

  /**
   * Go on from what the last visit kept, if `fits(settings)` says so and the reader has not started
   * meanwhile; else it can be brought back.
   */
  async recall(fits) {
    const record = await recall(RECORD).catch(() => undefined); // a private window may have no database
    if (!record) return;
    if (!this.#worker && fits(record.settings)) this.#restore(record);
    else this.previous = record;
    this.page.show();
  }
}
