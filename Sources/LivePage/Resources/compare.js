// Two or more runs side by side.

import { Plot } from "./plots.js";
import { ask, count, duration, fill, fixed, isNumber, make, percent, short } from "./text.js";

const MEASURES = [
  ["stable", "Stable", percent, { floor: 0 }], ["reward", "Reward", (value) => fixed(value, 3), {}],
  ["unique", "Unique", percent, { ceiling: 1.0001 }], ["kl", "KL from the reference, nats", short, {}],
  ["rate", "Crystals a second", short, { floor: 0, robust: true }], ["valid", "Valid", percent, { ceiling: 1.0001 }],
];
const AXES = [["step", "by step"], ["crystals", "by crystals"], ["minutes", "by time"]];

export class Comparison {
  constructor() {
    this.axis = "step";
    this.columns = new Map();
    this.table = make("tbody");
    this.tabs = make("div", { class: "tabs", role: "group", "aria-label": "Along what" }, AXES.map(([axis, name]) =>
      make("button", { type: "button", "data-axis": axis, "aria-pressed": String(axis === this.axis),
        onclick: () => this.along(axis) }, name)));
    this.grid = make("div", { class: "plots" });
    const titles = ["Run", "State", "Steps", "Stable", "Unique", "Reward", "KL", "Crystals", "Crystals/s", "Time"];
    this.node = make("div", {}, make("div", { class: "head" }, make("h1", {}, "Runs")),
      make("section", { "aria-label": "Numbers" },
      make("div", { class: "card" }, make("div", { class: "scroll" },
        make("table", {}, make("caption", { class: "sr" }, "Runs"),
        make("thead", {}, make("tr", {},
          titles.map((title, index) => make("th", { scope: "col", class: index === 1 ? "left" : "" }, title)))),
          this.table)))),
      make("section", { "aria-label": "Course" }, make("div", { class: "title" }, make("h2", {}, "Course"),
        make("div", { class: "push" }, this.tabs)), this.grid));
    this.plots = [];
  }

  remove() { for (const plot of this.plots) plot.remove(); }

  along(axis) {
    this.axis = axis;
    for (const button of this.tabs.children) button.setAttribute("aria-pressed", String(button.dataset.axis === axis));
    this.build();
  }

  async update(runs, open) {
    this.runs = runs.slice(0, 12);
    fill(this.table, runs.map((run, index) => make("tr", {}, make("th", { scope: "row" }, make("span", { class: "key" },
      make("span", {}, make("i", { class: `f${1 + (index % 5)}` }), make("button",
        { class: "quiet", type: "button", onclick: () => open(run.key) }, run.name)))),
      make("td", { class: "left" }, make("span", { class: `badge ${run.state}` }, run.state_words)),
      make("td", {}, isNumber(run.versions) ? `${count(run.steps)} of ${count(run.versions)}` : count(run.steps)),
      make("td", {}, percent(run.stable), isNumber(run.stable_error) ? make("span", { class: "soft" },
        ` ± ${percent(run.stable_error)}`) : ""),
      make("td", {}, percent(run.unique)), make("td", {}, fixed(run.reward, 3)), make("td", {}, short(run.kl)),
      make("td", {}, count(run.crystals)), make("td", {}, short(run.rate)), make("td", {}, duration(run.seconds)))));
    const news = this.runs.filter((run) => this.columns.get(run.key)?.steps !== run.steps);
    await Promise.all(news.map(async (run) => {
      const told = await ask(`/api/runs/${run.key}/steps`);
      this.columns.set(run.key, { steps: told.steps, names: told.columns, rows: told.rows });
    }));
    if (news.length || !this.plots.length) this.build();
  }

  build() {
    this.remove();
    this.plots = MEASURES.map(([column, title, format, more]) => new Plot({
      id: `compare-${column}`, title, format, xName: this.axis, ...more,
      series: this.runs.map((run, index) =>
        ({ name: run.name, mark: 1 + (index % 5), values: () => this.points(run.key, column) })),
    }));
    fill(this.grid, this.plots.map((plot) => plot.node));
    for (const plot of this.plots) plot.update();
  }

  points(key, column) {
    const told = this.columns.get(key);
    if (!told) return [];
    const at = (name) => told.names.indexOf(name);
    const [crystals, total, y] = [at("crystals"), at("total"), at(column)];
    let [made, time] = [0, 0];
    return told.rows.map((row) => {
      made += row[crystals] ?? 0;
      time += (row[total] ?? 0) / 60;
      return [{ step: row[at("step")], crystals: made, minutes: time }[this.axis], row[y]];
    });
  }
}
