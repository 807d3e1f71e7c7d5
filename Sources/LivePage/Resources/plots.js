// Plots of what changes from step to step: drawn anew as steps come in, with one cursor for all of them.

import { calm, draw, fill, isNumber, make, short, trimmed } from "./text.js";

const HEIGHT = 190;
const MARGIN = { left: 46, right: 10, top: 8, bottom: 22 };
const listeners = new Set();
let cursor = null;

export function setCursor(x) {
  if (x === cursor) return;
  cursor = x;
  for (const listener of listeners) listener();
}

// Round numbers between two, about so many.
export function ticks(low, high, wanted) {
  const span = high - low;
  if (!(span > 0)) return [low];
  const raw = span / wanted;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((value) => value >= raw * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  const found = [];
  for (let index = first; index * step <= high + step * 1e-9; index += 1) found.push(index * step);
  return found;
}

export class Plot {
  // options: title, series [{name, mark, values(data) -> [[x, y, error]]}], format, kind "lines" | "stack",
  // floor (the axis begins there at the latest), ceiling, xName.
  constructor(options) {
    this.options = { kind: "lines", format: short, xName: "step", ...options };
    this.now = make("span", { class: "now" });
    this.keys = make("div", { class: "key" });
    this.svg = draw("svg", { height: HEIGHT, role: "img", tabindex: "0" });
    this.tip = make("div", { class: "tip hidden" });
    this.node = make("figure", { class: "card" }, make("figcaption", {}, make("h3", {}, options.title), this.keys,
      this.now),
      this.svg, this.tip);
    this.series = [];
    this.window = null;
    this.width = 0;
    this.observer = new ResizeObserver(() => {
      const width = Math.round(this.svg.clientWidth);
      if (width && width !== this.width) { this.width = width; this.paint(); }
    });
    this.observer.observe(this.svg);
    this.listener = () => this.paintCursor();
    listeners.add(this.listener);
    this.svg.addEventListener("pointermove", (event) => this.point(event));
    this.svg.addEventListener("pointerdown", (event) => this.point(event));
    this.svg.addEventListener("pointerleave", () => setCursor(null));
    this.svg.addEventListener("blur", () => setCursor(null));
    this.svg.addEventListener("keydown", (event) => this.press(event));
  }

  remove() { listeners.delete(this.listener); this.observer.disconnect(); cancelAnimationFrame(this.frame); }

  update(data) {
    this.series = this.options.series.map((series) => ({ ...series, points: series.values(data).filter((point) =>
      isNumber(point[0]) && isNumber(point[1])) })).filter((series) => series.points.length);
    this.node.classList.toggle("hidden", this.series.length === 0);
    if (!this.series.length) return;
    if (this.options.kind === "stack") this.stack();
    const target = this.range();
    fill(this.keys, this.series.length > 1 ? this.series.map((series) =>
      make("span", {}, make("i", { class: `f${series.mark}` }), series.name)) : []);
    const lasts = this.series.map((series) => series.points.at(-1));
    fill(this.now, this.series.length === 1 ? this.options.format(lasts[0][1]) : "");
    const x = (value) => `${this.options.xName} ${short(value)}`;
    this.svg.setAttribute("aria-label", `${this.options.title}. ` + this.series.map((series) => {
      const [first, last] = [series.points[0], series.points.at(-1)];
      const value = (point) => this.options.format(point[3] ?? point[1]);
      return `${series.name}: ${value(first)} at ${x(first[0])}, ${value(last)} at ${x(last[0])}`;
    }).join("; ") + ". Arrow keys read the values.");
    this.glide(target);
  }

  // Each series stands on those before it; the fourth number of a point is its own.
  stack() {
    const below = new Map();
    for (const series of this.series) {
      series.points = series.points.map(([x, y]) => {
        const base = below.get(x) ?? 0;
        below.set(x, base + y);
        return [x, base + y, base, y];
      });
    }
  }

  range() {
    let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
    const all = [];
    for (const series of this.series) {
      for (const [x, y, error] of series.points) {
        const reach = this.options.kind === "lines" && isNumber(error) ? error : 0;
        x0 = Math.min(x0, x); x1 = Math.max(x1, x);
        y0 = Math.min(y0, y - reach); y1 = Math.max(y1, y + reach);
        all.push(y);
      }
    }
    // One step that took far longer than all others does not flatten the rest.
    if (this.options.robust && all.length > 20) {
      const sorted = all.toSorted((a, b) => a - b);
      const upper = sorted[Math.floor(sorted.length * 0.97)];
      if (y1 > upper * 2.5) y1 = upper * 1.4;
    }
    if (this.options.kind === "stack") y0 = 0;
    if (isNumber(this.options.floor)) y0 = Math.min(y0, this.options.floor);
    const pad = (y1 - y0 || Math.abs(y1) || 1) * 0.06;
    y1 += pad;
    if (!(isNumber(this.options.floor) && y0 >= this.options.floor) && this.options.kind !== "stack") y0 -= pad;
    if (isNumber(this.options.ceiling)) y1 = Math.min(y1, this.options.ceiling);
    if (x1 === x0) x1 = x0 + 1;
    return { x0, x1, y0, y1: y1 > y0 ? y1 : y0 + 1 };
  }

  // The axes move to where the new points are.
  glide(target) {
    cancelAnimationFrame(this.frame);
    const from = this.window;
    if (!from || calm.matches || document.hidden) { this.window = target; this.paint(); return; }
    const begin = performance.now();
    const step = (time) => {
      const part = Math.min(1, Math.max(0, (time - begin) / 320));
      const eased = 1 - (1 - part) ** 3;
      this.window = Object.fromEntries(Object.keys(target).map((key) =>
        [key, from[key] + (target[key] - from[key]) * eased]));
      this.paint();
      if (part < 1) this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
  }

  place() {
    const { x0, x1, y0, y1 } = this.window;
    const [width, height] = [this.width - MARGIN.left - MARGIN.right, HEIGHT - MARGIN.top - MARGIN.bottom];
    return {
      x: (value) => MARGIN.left + ((value - x0) / (x1 - x0)) * width,
      y: (value) => MARGIN.top +
        height - (Math.min(Math.max(value, y0 - (y1 - y0)), y1 + (y1 - y0)) - y0) / (y1 - y0) * height,
      value: (x) => x0 + ((x - MARGIN.left) / width) * (x1 - x0), width, height,
    };
  }

  paint() {
    if (!this.width || !this.window || !this.series.length) return;
    const { x, y, width, height } = this.place();
    const { x0, x1, y0, y1 } = this.window;
    const parts = [];
    for (const value of ticks(y0, y1, 4)) {
      const at = y(value).toFixed(1);
      parts.push(draw("line", { class: "grid", x1: MARGIN.left, x2: MARGIN.left + width, y1: at, y2: at }));
      parts.push(draw("text", { x: MARGIN.left - 7, y: Number(at) + 4, "text-anchor": "end" },
        trimmed(this.options.format(value))));
    }
    const isWhole = this.options.xName === "step";
    const marks = ticks(x0, x1, Math.max(2, Math.min(7, width / 70))).filter((value) => !isWhole ||
      Number.isInteger(value));
    for (const value of marks) {
      parts.push(draw("text", { x: x(value).toFixed(1), y: HEIGHT - 5, "text-anchor": "middle" },
        trimmed(short(value))));
    }
    const bottom = MARGIN.top + height;
    parts.push(draw("line", { class: "axis", x1: MARGIN.left, x2: MARGIN.left + width, y1: bottom, y2: bottom }));
    const clip = `clip-${this.options.id}`;
    const frame = draw("clipPath", { id: clip });
    frame.append(draw("rect", { x: MARGIN.left, y: MARGIN.top - 3, width: width + 6, height: height + 3 }));
    parts.push(frame);
    const body = draw("g", { "clip-path": `url(#${clip})` });
    const line = (points, of) => points.map((point, index) =>
      `${index ? "L" : "M"}${x(point[0]).toFixed(1)} ${y(of(point)).toFixed(1)}`).join("");
    for (const series of this.series) {
      const group = draw("g", { class: `m${series.mark}` });
      if (this.options.kind === "stack") {
        const back = series.points.toReversed();
        group.append(draw("path", { class: "area", d: `${line(series.points, (p) => p[1])}${line(back, (p) => p[2])
          .replace("M", "L")}Z` }));
      } else {
        const banded = series.points.filter((point) => isNumber(point[2]));
        if (banded.length > 1) {
          group.append(draw("path", { class: "band", d: `${line(banded, (p) => p[1] + p[2])}${line(banded.toReversed(),
            (p) => p[1] - p[2]).replace("M", "L")}Z` }));
        }
        group.append(draw("path", { class: "line", d: line(series.points, (p) => p[1]) }));
        const last = series.points.at(-1);
        group.append(draw("circle", { class: "dot", r: 3.2, cx: x(last[0]).toFixed(1), cy: y(last[1]).toFixed(1) }));
      }
      body.append(group);
    }
    this.overlay = draw("g");
    parts.push(body, this.overlay);
    this.svg.replaceChildren(...parts);
    this.paintCursor();
  }

  nearest(series, at) {
    let [low, high] = [0, series.points.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (series.points[middle][0] < at) low = middle; else high = middle;
    }
    const [a, b] = [series.points[low], series.points[high]];
    return Math.abs(a[0] - at) <= Math.abs(b[0] - at) ? a : b;
  }

  paintCursor() {
    if (!this.overlay) return;
    if (cursor === null || !this.series.length || cursor.xName !== this.options.xName) {
      this.overlay.replaceChildren();
      this.tip.classList.add("hidden");
      return;
    }
    const { x, y, width } = this.place();
    const found = this.series.map((series) => [series, this.nearest(series, cursor.x)]);
    const at = x(found[0][1][0]);
    const parts = [draw("line", { class: "cursor", x1: at, x2: at, y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom })];
    for (const [series, point] of found) {
      const group = draw("g", { class: `m${series.mark}` });
      group.append(draw("circle", { class: "dot", r: 4, cx: at, cy: y(point[1]) }));
      parts.push(group);
    }
    this.overlay.replaceChildren(...parts);
    if (cursor.owner !== this) { this.tip.classList.add("hidden"); return; }
    const own = (point) => this.options.format(this.options.kind === "stack" ? point[3] : point[1]);
    const error = (point) => (this.options.kind === "lines" && isNumber(point[2])
      ? ` ± ${this.options.format(point[2])}` : "");
    fill(this.tip, make("div", {}, `${this.options.xName} ${short(found[0][1][0])}`),
      found.toReversed().map(([series, point]) =>
      make("div", {}, `${this.series.length > 1 ? `${series.name} ` : ""}${own(point)}${error(point)}`)));
    this.tip.classList.remove("hidden");
    const left = this.svg.offsetLeft + at;
    const flips = at > MARGIN.left + width * 0.6;
    this.tip.style.left = `${flips ? left - this.tip.offsetWidth - 12 : left + 12}px`;
    this.tip.style.top = `${this.svg.offsetTop + 12}px`;
  }

  show(x) { setCursor({ x, owner: this, xName: this.options.xName }); }

  point(event) {
    if (!this.window || !this.series.length) return;
    const box = this.svg.getBoundingClientRect();
    this.show(this.nearest(this.series[0], this.place().value(event.clientX - box.left))[0]);
  }

  press(event) {
    const points = this.series[0]?.points ?? [];
    if (!points.length) return;
    const at = cursor?.owner === this ? points.findIndex((point) => point[0] >= cursor.x) : points.length;
    const moves = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: points.length - 1 };
    if (event.key === "Escape") return setCursor(null);
    if (!(event.key in moves)) return;
    event.preventDefault();
    this.show(points[Math.min(points.length - 1, Math.max(0, moves[event.key]))][0]);
  }
}

// Heights above the hull at the begin and now, shares of all crystals in steps.
export class Histogram {
  constructor() {
    this.svg = draw("svg", { height: HEIGHT, role: "img" });
    this.keys = make("div", { class: "key" });
    this.node = make("figure", { class: "card" }, make("figcaption", {},
      make("h3", {}, "Height above the hull, eV/atom"),
      this.keys), this.svg);
    this.observer = new ResizeObserver(() => this.paint());
    this.observer.observe(this.svg);
  }

  remove() { this.observer.disconnect(); }

  update(books) { this.books = books; this.paint(); }

  paint() {
    const books = this.books;
    const width = this.svg.clientWidth;
    if (!books || !width) return;
    const periods = [["before", 5], ["after", 1]].filter(([name]) => books[name]?.crystals > 0)
      .map(([name, mark]) => ({ ...books[name], mark: books.after ? mark : 1 }));
    this.node.classList.toggle("hidden", !periods.length);
    if (!periods.length) return;
    const label = (period) => `version${period.first === period.last ? "" : "s"} ${period.first}` +
      (period.first === period.last ? "" : ` to ${period.last}`);
    fill(this.keys, periods.map((period) => make("span", {}, make("i", { class: `f${period.mark}` }), label(period))));
    const { lower, width: step } = periods[0];
    const bins = periods[0].counts.length;
    const top = Math.max(...periods.flatMap((period) => period.counts.map((value) =>
      value / period.crystals))) * 1.08 || 1;
    const [w, h] = [width - MARGIN.left - MARGIN.right, HEIGHT - MARGIN.top - MARGIN.bottom];
    const x = (value) => MARGIN.left + ((value - lower) / (bins * step)) * w;
    const y = (value) => MARGIN.top + h - (value / top) * h;
    const parts = [];
    for (const value of ticks(0, top, 4)) {
      parts.push(draw("line", { class: "grid", x1: MARGIN.left, x2: MARGIN.left + w, y1: y(value), y2: y(value) }));
      parts.push(draw("text", { x: MARGIN.left - 7, y: y(value) + 4, "text-anchor": "end" },
        `${(value * 100).toFixed(0)}%`));
    }
    for (const value of ticks(lower, lower + bins * step, Math.max(3, Math.min(8, w / 60)))) {
      parts.push(draw("text", { x: x(value), y: HEIGHT - 5, "text-anchor": "middle" },
        String(Math.round(value * 100) / 100)));
    }
    for (const period of periods) {
      let path = `M${x(lower)} ${y(0)}`;
      period.counts.forEach((value, index) => {
        const at = y(value / period.crystals).toFixed(1);
        path += `L${x(lower + index * step).toFixed(1)} ${at}L${x(lower + (index + 1) * step).toFixed(1)} ${at}`;
      });
      const group = draw("g", { class: `m${period.mark}` });
      group.append(draw("path", { class: "steps", d: `${path}L${x(lower + bins * step)} ${y(0)}Z` }));
      parts.push(group);
    }
    const at = x(books.stable_below);
    parts.push(draw("line", { class: "rule", x1: at, x2: at, y1: MARGIN.top, y2: MARGIN.top + h }));
    parts.push(draw("text", { x: at + 5, y: MARGIN.top + 10 }, `stable below ${books.stable_below}`));
    this.svg.replaceChildren(...parts);
    this.svg.setAttribute("aria-label", "Height above the hull: " + periods.map((period) => {
      const stable = period.below + period.counts.filter((_, index) =>
        lower + (index + 1) * step <= books.stable_below + 1e-9).reduce((sum, value) => sum + value, 0);
      const share = (stable / period.crystals * 100).toFixed(0);
      return `${label(period)}, ${share}% of ${period.crystals} crystals are stable`;
    }).join("; "));
  }
}
