// The page: which run is shown, news as they come, and the parts that show them.

import { Comparison } from "./compare.js";
import { Crystals } from "./crystals.js";
import { Fleet } from "./fleet.js";
import { Histogram, Plot } from "./plots.js";
import { Books } from "./table.js";
import { ask, count, duration, fill, fixed, isNumber, make, moment, percent, short } from "./text.js";

const main = document.getElementById("main");
const link = document.getElementById("link");
const state = { runs: [], shown: null, view: null };

// MARK: Light and dark

const THEMES = ["auto", "light", "dark"];
const theme = document.getElementById("theme");
function setTheme(name) {
  if (name === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
  try { localStorage.setItem("theme", name); } catch { /* Then it is not kept. */ }
  theme.textContent = { auto: "Theme: system", light: "Theme: light", dark: "Theme: dark" }[name];
  theme.dataset.name = name;
  state.view?.repaint();
}
theme.addEventListener("click", () => setTheme(THEMES[(THEMES.indexOf(theme.dataset.name) + 1) % THEMES.length]));
let kept = null;
try { kept = localStorage.getItem("theme"); } catch { /* Nothing is kept. */ }
setTheme(THEMES.includes(kept) ? kept : "auto");
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => state.view?.repaint());

// MARK: One run

const columns = (name) => (data) => data.rows.map((row) => [row[data.at.step], row[data.at[name]]]);
const withError = (name) => (data) => data.rows.map((row) =>
  [row[data.at.step], row[data.at[name]], row[data.at[`${name}_error`]]]);
const PLOTS = [
  { id: "stable", title: "Stable crystals", format: percent, floor: 0,
    series: [{ name: "stable", mark: 1, values: withError("stable") }] },
  { id: "reward", title: "Reward", format: (value) => fixed(value, 3),
    series: [{ name: "reward", mark: 3, values: withError("reward") }] },
  { id: "shares", title: "Unique and valid", format: percent, ceiling: 1.0001,
    series: [{ name: "unique", mark: 4, values: columns("unique") },
    { name: "valid", mark: 5, values: columns("valid") }] },
  { id: "rate", title: "Crystals a second", format: short, floor: 0, robust: true,
    series: [{ name: "all in all", mark: 1, values: columns("rate") },
    { name: "sampled", mark: 3, values: columns("sampled_rate") }, { name: "measured", mark: 2,
      values: columns("scored_rate") }] },
  { id: "time", title: "Where the time of a step goes", kind: "stack", format: (value) => `${short(value)} s`,
    robust: true,
    series: [{ name: "waits for crystals", mark: 2, values: columns("wait") },
      { name: "trains", mark: 1, values: columns("train") },
      { name: "saves", mark: 5, values: columns("checkpoint") }] },
  { id: "kl", title: "KL from the reference, nats", format: short,
    series: [{ name: "KL", mark: 4, values: columns("kl") }] },
  { id: "age", title: "Age of crystals, versions", format: short, floor: 0,
    series: [{ name: "age", mark: 2, values: columns("staleness") }] },
  { id: "gradient", title: "Norm of the gradient", format: short, floor: 0, robust: true,
    series: [{ name: "norm", mark: 5, values: columns("gradient") }] },
  { id: "clip", title: "Ratios clipped", format: percent, floor: 0,
    series: [{ name: "letters", mark: 1, values: columns("clip_w") },
    { name: "elements", mark: 2, values: columns("clip_a") }, { name: "places", mark: 3, values: columns("clip_xyz") },
    { name: "lattice", mark: 4, values: columns("clip_l") }] },
  { id: "spread", title: "Elements and space groups in use", format: short,
    series: [{ name: "elements", mark: 3, values: columns("elements") },
    { name: "space groups", mark: 4, values: columns("space_groups") }] },
  { id: "doubt", title: "Spread of potentials, eV/atom", format: short, floor: 0,
    series: [{ name: "spread", mark: 2, values: columns("uncertainty") }] },
  { id: "volume", title: "Hypervolume of the front", format: short,
    series: [{ name: "hypervolume", mark: 3, values: columns("hypervolume") }] },
];

class RunPage {
  constructor(run) {
    this.key = run.key;
    this.revision = 0;
    this.data = { rows: [], at: {}, terms: {} };
    this.head = make("div", { class: "head" });
    this.progress = make("div", { class: "progress" });
    this.verdict = make("div", { class: "verdict" });
    this.tiles = make("div", { class: "tiles" });
    this.plots = PLOTS.map((options) => new Plot(options));
    this.histogram = new Histogram();
    this.grid = make("div", { class: "plots" }, this.plots.slice(0, 2).map((plot) => plot.node), this.histogram.node,
      this.plots.slice(2, 5).map((plot) => plot.node));
    this.further = make("section", { id: "training", "aria-label": "Training in detail" },
      make("div", { class: "title" },
      make("h2", {}, "Training in detail")), make("div", { class: "plots" },
        this.plots.slice(5).map((plot) => plot.node)));
    this.thinned = make("span", { class: "soft" });
    this.crystals = new Crystals(this.key);
    this.fleet = new Fleet(this.key);
    this.books = new Books();
    this.config = make("pre", {});
    const settings = make("details", {}, make("summary", {}, "config.yaml"), this.config);
    settings.addEventListener("toggle", async () => {
      if (settings.open) this.config.textContent = await (await fetch(`/api/runs/${this.key}/config`)).text();
    });
    this.waiting = make("div", { class: "card problem hidden" }, "No step is made yet: plots begin with the first.");
    this.course = make("section", { id: "course", "aria-label": "Course" },
      make("div", { class: "title" }, make("h2", {}, "Course of the run"),
      this.thinned), this.grid, this.waiting);
    this.node = make("div", {}, this.head, this.progress, this.verdict, this.tiles, this.course, this.crystals.node,
      this.fleet.node,
      this.books.node, this.books.made, this.further, make("section", { "aria-label": "Configuration" },
        make("div", { class: "title" }, make("h2", {}, "Configuration")),
          make("div", { class: "card inner" }, settings)));
    this.slow = 0;
  }

  remove() {
    for (const part of [...this.plots, this.histogram, this.crystals, this.fleet]) part.remove();
  }

  repaint() {
    for (const plot of this.plots) plot.paint();
    this.histogram.paint();
    this.crystals.paint();
    this.fleet.paintMaps();
  }

  async update(runs) {
    const run = runs.find((one) => one.key === this.key);
    if (!run) return;
    this.run = run;
    document.title = `${isNumber(run.stable) ? `${percent(run.stable, 0)} stable, ` : ""}${run.name} - Druse`;
    this.paintHead(run);
    this.paintTiles(run);
    const jobs = [];
    const hasStepped = this.steps !== run.steps;
    const isNew = hasStepped || this.evaluated !== run.evaluated;
    this.steps = run.steps;
    this.evaluated = run.evaluated;
    if (hasStepped) jobs.push(this.loadSteps());
    jobs.push(this.fleet.refresh());
    // What is read from the archive changes with each batch; looking more often than every three seconds shows no more.
    const now = performance.now();
    if (isNew || now - this.slow > 3000) {
      this.slow = now;
      jobs.push(this.crystals.refresh(), this.loadBooks());
    }
    const failed = (await Promise.allSettled(jobs)).find((job) => job.status === "rejected");
    if (failed) throw failed.reason;
  }

  async loadSteps() {
    const told = await ask(`/api/runs/${this.key}/steps?after=${this.revision}`);
    this.data.at = Object.fromEntries(told.columns.map((name, index) => [name, index]));
    const known = new Map(this.revision ? this.data.rows.map((row) => [row[0], row]) : []);
    for (const row of told.rows) known.set(row[0], row);
    this.data.rows = [...known.values()].sort((a, b) => a[0] - b[0]);
    this.revision = told.revision;
    if (told.stride > 1) fill(this.thinned, `every ${told.stride}th step`);
    this.waiting.classList.toggle("hidden", this.data.rows.length > 0);
    for (const part of [this.grid, this.further]) part.classList.toggle("hidden", this.data.rows.length === 0);
    for (const plot of this.plots) plot.update(this.data);
    this.paintShares();
  }

  async loadBooks() {
    const books = await ask(`/api/runs/${this.key}/books`);
    this.histogram.update(books.before ? books : null);
    this.histogram.node.classList.toggle("hidden", !books.before);
    this.books.update(books);
  }

  paintHead(run) {
    const facts = [run.run_id, `begun ${moment(run.started)}`, `on ${run.host}`, run.mode, run.potential,
      `seed ${run.seed}`,
      `build ${run.build}`].filter(Boolean);
    fill(this.head, make("h1", {}, run.name), make("span", { class: `badge ${run.state}` }, run.state_words),
      make("div", { class: "meta" }, facts.join(" · ")));
    const share = isNumber(run.versions) && run.versions > 0 ? run.steps / run.versions : null;
    const left = isNumber(run.remaining) ? `, about ${duration(run.remaining)} left` : "";
    if (!this.track) {
      this.track = make("div", {});
      this.said = make("span", { class: "small soft" });
      fill(this.progress, make("div", { class: "track", role: "progressbar", "aria-valuemin": "0",
        "aria-valuemax": "100",
        "aria-label": "Versions made" }, this.track), this.said);
    }
    this.progress.classList.toggle("hidden", share === null);
    if (share !== null) {
      this.track.style.width = `${Math.min(100, share * 100)}%`;
      this.track.parentNode.setAttribute("aria-valuenow", String(Math.round(share * 100)));
    }
    fill(this.said, `version ${count(run.steps)}${isNumber(run.versions) ? ` of ${count(run.versions)}` : ""} · ` +
      `${duration(run.seconds)}${left}`);
    this.verdict.className = `verdict ${run.advice.bottleneck}`;
    if (!this.words) {
      this.words = make("div", {});
      this.shares = make("div", {});
      fill(this.verdict, this.words, this.shares);
    }
    fill(this.words, make("div", { class: "words" }, run.advice.headline),
      run.advice.details.length ? make("div", { class: "why" }, run.advice.details.join(" ")) : "");
  }

  // The time of the last steps as a bar.
  paintShares() {
    const rows = this.data.rows.slice(-10);
    const sum = (name) => rows.reduce((all, row) => all + (row[this.data.at[name]] ?? 0), 0);
    const total = sum("total");
    const parts = [["waits for crystals", sum("wait"), 2], ["trains", sum("train"), 1],
      ["saves", sum("checkpoint"), 5]];
    parts.push(["other", Math.max(0, total - parts.reduce((all, part) => all + part[1], 0)), 0]);
    const shown = parts.filter((part) => part[1] / total >= 0.005);
    if (!(total > 0)) return fill(this.shares);
    const share = ([name, seconds]) => `${name} ${percent(seconds / total, 0)}`;
    fill(this.shares, make("div", { class: "shares", role: "img",
      "aria-label": `The learner ${shown.map(share).join(", ")}` },
      shown.map((part) => {
        const node = make("div", { class: `f${part[2]}` });
        node.style.flexGrow = String(part[1]);
        return node;
      })), make("div", { class: "key" }, make("span", {}, "The learner"), shown.map((part) =>
      make("span", {}, make("i", { class: `f${part[2]}` }), share(part)))));
    return undefined;
  }

  paintTiles(run) {
    const change = (now, first, format) => {
      if (!isNumber(now) || !isNumber(first) || run.steps < 4) return "";
      const text = format(now - first);
      return now >= first ? `+${text}` : text;
    };
    const points = (value) => `${(value * 100).toFixed(1)} points`;
    const gain = run.stable - run.stable_first;
    const isClear = Math.abs(gain) > 3 * 1.4 * (run.stable_error ?? 1);
    const waiting = (run.queues.tasks_waiting ?? 0) + (run.queues.units_waiting ?? 0);
    const tiles = [
      ["Stable", isNumber(run.stable) ? [percent(run.stable), make("small", {}, ` ± ${percent(run.stable_error)}`)]
        : "-",
        change(run.stable, run.stable_first, points), isClear ? (gain > 0 ? "good" : "bad") : ""],
      ["Reward", fixed(run.reward, 3), change(run.reward, run.reward_first, (value) => fixed(value, 3)), ""],
      ["Unique", percent(run.unique), isNumber(run.unique_first) ? `${percent(run.unique_first)} at first` : "", ""],
      ["Crystals", count(run.crystals), run.state === "running" && run.queues.crystals_under_way
        ? `${count(run.queues.crystals_under_way)} under way` : `in ${count(run.steps)} steps`, ""],
      ["Crystals a second", short(run.rate), run.state === "running" && waiting
        ? `${count(waiting)} pieces of work wait`
        : isNumber(run.rate) && run.steps ? `${duration(run.seconds / run.steps)} a step` : "", ""],
      ["Fleet", isNumber(run.actors) ? `${count(run.actors)} + ${count(run.reward_workers)}` : "-",
        isNumber(run.actors) ? "actors + reward workers" : "", ""],
    ];
    fill(this.tiles, tiles.map(([name, value, detail, look]) => make("div", { class: "tile" }, make("span", {}, name),
      make("b", {}, value),
      make("span", { class: look }, detail))));
  }
}

// MARK: All runs

class ComparisonPage {
  constructor() {
    this.comparison = new Comparison();
    this.node = this.comparison.node;
  }
  remove() { this.comparison.remove(); }
  repaint() { for (const plot of this.comparison.plots) plot.paint(); }
  async update(runs) {
    document.title = "Runs - Druse";
    await this.comparison.update(runs, open);
  }
}

function wanted() {
  const name = decodeURIComponent(location.hash.slice(1));
  if (state.runs.length > 1 && (name === "all" || !name)) return "all";
  return state.runs.find((run) => run.key === name.replace("run-", ""))?.key ?? state.runs[0]?.key ?? null;
}

function open(key) { location.hash = key === "all" ? "all" : `run-${key}`; }

function navigate() {
  const nav = document.getElementById("runs");
  if (state.runs.length < 2) return fill(nav);
  const shown = [["all", "All runs"], ...state.runs.slice(0, 30).map((run) => [run.key, run.name])];
  return fill(nav, shown.map(([key, name]) => make("button",
    { type: "button", "aria-current": key === state.shown ? "page" : null,
    onclick: () => open(key) }, name)));
}

function show() {
  const key = wanted();
  if (key === null) return;
  if (key !== state.shown) {
    state.view?.remove();
    state.shown = key;
    state.view = key === "all" ? new ComparisonPage() : new RunPage(state.runs.find((run) => run.key === key));
    fill(main, state.view.node);
  }
  navigate();
  state.view.update(state.runs).then(() => { document.documentElement.dataset.ready = "true"; }, lost);
}

addEventListener("hashchange", () => { if (/^#(all|run-|$)/.test(location.hash) || !location.hash) show(); });

// MARK: News

function tell(words, look) {
  if (link.textContent !== words) link.textContent = words;
  link.className = `link ${look}`;
}

function lost() { tell("connection lost", "lost"); }

function take(told) {
  state.runs = told.runs;
  document.getElementById("build").textContent = `Druse ${told.build}.`;
  const isLive = told.runs.some((run) => run.state === "running");
  tell(isLive ? "live" : "not running", isLive ? "live" : "");
  show();
}

function listen() {
  const news = new EventSource("/api/events");
  news.addEventListener("runs", (event) => take(JSON.parse(event.data)));
  news.addEventListener("end", () => {
    news.close();
    state.hasEnded = true;
    tell("the learner has ended: druse serve shows the run", "");
  });
  news.addEventListener("error", () => { if (!state.hasEnded) lost(); });
}

// Peers report every few seconds, also where nothing else changes.
setInterval(() => {
  if (document.hidden || state.hasEnded || !(state.view instanceof RunPage)) return;
  if (state.view.run?.state === "running") state.view.fleet.refresh().catch(lost);
}, 3000);

ask("/api/runs").then(take, lost).finally(listen);
