// The learning curves: mean squared error over steps, on a logarithmic scale, beside PCA's line.

const MARGIN = { left: 52, right: 12, top: 12, bottom: 34 };
const MOST_POINTS = 600;

/** Points of a curve, thinned out where they get many: every second one of the older half goes. */
export class Curve {
  constructor(points = []) {
    this.points = points;
  }

  add(x, y) {
    if (!Number.isFinite(y) || y <= 0) return;
    this.points.push([x, y]);
    if (this.points.length > MOST_POINTS) {
      this.points = this.points.filter((_, i) => i > MOST_POINTS / 2 || i % 2 === 0);
    }
  }

  get last() {
    return this.points.at(-1)?.[1];
  }
}

/** Round numbers between low and high for the axis of steps. */
function ticks(high, count) {
  const rough = high / count;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((f) => f * size).find((s) => s >= rough);
  return Array.from({ length: Math.floor(high / step) + 1 }, (_, i) => i * step);
}

const LEVELS = [];
for (let power = -5; power <= 9; power++) for (const digit of [1, 2, 5]) LEVELS.push(digit * 10 ** power);
const text = (level) => (level >= 1000 ? level.toExponential(0) : `${Number(level.toPrecision(1))}`);

/** Draw curves [{ curve, colour, dash, width }] and a level line into a canvas that fits its place. */
export function drawChart(canvas, { curves, line, steps, colours }) {
  const ratio = Math.min(devicePixelRatio || 1, 2);
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width) return;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);

  const values = curves.flatMap(({ curve }) => curve.points.map(([, y]) => y));
  if (line) values.push(line);
  const low = Math.min(0.02, ...values) * 0.85;
  const high = Math.max(0.1, ...values) * 1.15;
  const right = Math.max(20, steps);
  const [w, h] = [width - MARGIN.left - MARGIN.right, height - MARGIN.top - MARGIN.bottom];
  const x = (step) => MARGIN.left + (w * step) / right;
  const y = (value) => MARGIN.top + (h * Math.log(high / value)) / Math.log(high / low);

  context.font = "12px sans-serif";
  context.lineWidth = 1;
  context.textBaseline = "middle";
  context.textAlign = "right";
  let levels = LEVELS.filter((level) => level >= low && level <= high);
  if (levels.length > 8) levels = levels.filter((level) => /^1/.test(level.toExponential()));
  for (const level of levels) {
    context.strokeStyle = colours.grid;
    context.beginPath();
    context.moveTo(MARGIN.left, y(level));
    context.lineTo(width - MARGIN.right, y(level));
    context.stroke();
    context.fillStyle = colours.text;
    context.fillText(text(level), MARGIN.left - 6, y(level));
  }
  context.textBaseline = "top";
  for (const step of ticks(right, w / 90)) {
    context.textAlign = step ? "center" : "left";
    context.fillText(step.toLocaleString("en"), x(step), height - MARGIN.bottom + 6);
  }
  context.textAlign = "right";
  context.fillText("steps", width - MARGIN.right, height - 14);

  if (line) {
    context.strokeStyle = colours.line;
    context.lineWidth = 2;
    context.setLineDash([7, 5]);
    context.beginPath();
    context.moveTo(MARGIN.left, y(line));
    context.lineTo(width - MARGIN.right, y(line));
    context.stroke();
    context.setLineDash([]);
  }
  for (const { curve, colour, width: thickness, dash } of curves) {
    context.strokeStyle = colour;
    context.lineWidth = thickness;
    context.setLineDash(dash ?? []);
    context.beginPath();
    for (const [step, value] of curve.points) context.lineTo(x(step), y(value));
    context.stroke();
  }
  context.setLineDash([]);
}
