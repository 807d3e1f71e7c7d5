// The fleet: sums, a picture of all peers, and a table of those that are asked for.

import { ask, count, fill, fixed, isNumber, make, percent, short } from "./text.js";

const COLUMNS = [
  ["name", "Peer", "left"], ["role", "Role", "left wide"], ["doing", "Does", "left"], ["rate", "Crystals/s", ""],
  ["busy", "Busy", ""], ["queue", "Queue", "wide"], ["staleness", "Versions behind", "wide"],
    ["crystals", "Crystals", "wide"],
  ["memory", "Memory, MB", "wide"], ["silence", "Heard of", "wide"],
];
const ROWS = 25;

export class Fleet {
  constructor(key) {
    this.key = key;
    this.question = { sort: "rate", order: "desc", role: "", q: "", offset: 0 };
    this.sums = make("div", { class: "sums" });
    this.filter = make("input", { class: "field", type: "search", placeholder: "Find a peer",
      "aria-label": "Find a peer by name, role or engine",
      oninput: () => this.change({ q: this.filter.value, offset: 0 }) });
    this.role = make("select", { class: "field", "aria-label": "Role",
      onchange: () => this.change({ role: this.role.value, offset: 0 }) },
      [["", "all roles"], ["actor", "actors"], ["reward-worker", "reward workers"]].map(([value, name]) =>
        make("option", { value }, name)));
    this.head = make("tr", {}, COLUMNS.map(([name, title, look]) => make("th", { class: look, scope: "col" },
      make("button", { type: "button", onclick: () => this.sort(name) }, title))));
    this.body = make("tbody");
    this.pages = make("span", { class: "soft" });
    this.back = make("button", { class: "quiet", type: "button", onclick: () => this.page(-1) }, "Previous");
    this.on = make("button", { class: "quiet", type: "button", onclick: () => this.page(1) }, "Next");
    this.table = make("div", { class: "card" }, make("div", { class: "scroll" },
      make("table", {}, make("caption", { class: "sr" }, "Actors and reward workers"), make("thead", {}, this.head),
        this.body)));
    this.empty = make("div", { class: "card problem hidden" }, "No actor and no reward worker was heard of.");
    this.node = make("section", { id: "fleet", "aria-label": "Fleet" },
      make("div", { class: "title" }, make("h2", {}, "Fleet"),
      this.pages, make("div", { class: "push" }, this.filter, this.role, this.back, this.on)), this.sums, this.table,
        this.empty);
    this.observer = new ResizeObserver(() => this.paintMaps());
    this.observer.observe(this.sums);
    this.mark();
  }

  remove() { this.observer.disconnect(); }

  change(part) {
    Object.assign(this.question, part);
    this.mark();
    this.refresh();
  }

  sort(name) {
    const isSame = this.question.sort === name;
    const isWord = ["name", "role", "doing"].includes(name);
    const order = isSame ? (this.question.order === "desc" ? "asc" : "desc") : isWord ? "asc" : "desc";
    this.change({ sort: name, order, offset: 0 });
  }

  page(step) { this.change({ offset: Math.max(0, this.question.offset + step * ROWS) }); }

  mark() {
    [...this.head.children].forEach((cell, index) => {
      if (COLUMNS[index][0] === this.question.sort) {
        cell.setAttribute("aria-sort", this.question.order === "desc" ? "descending" : "ascending");
      } else cell.removeAttribute("aria-sort");
      const arrow = cell.hasAttribute("aria-sort") ? (this.question.order === "desc" ? " ↓" : " ↑") : "";
      cell.firstChild.textContent = COLUMNS[index][1] + arrow;
    });
  }

  async refresh() {
    const query = new URLSearchParams({ ...this.question, count: ROWS });
    const number = (this.asked = (this.asked ?? 0) + 1);
    const told = await ask(`/api/runs/${this.key}/fleet?${query}`);
    if (number !== this.asked) return;
    this.told = told;
    const isEmpty = told.total === 0;
    for (const part of [this.table, this.sums, this.filter, this.role]) part.classList.toggle("hidden", isEmpty);
    this.empty.classList.toggle("hidden", !isEmpty);
    const isLong = told.matching > ROWS;
    for (const button of [this.back, this.on]) button.classList.toggle("hidden", !isLong);
    this.back.disabled = told.offset === 0;
    this.on.disabled = told.offset + told.rows.length >= told.matching;
    const range = told.rows.length ? `${told.offset + 1} to ${told.offset + told.rows.length} of ` : "";
    fill(this.pages, isEmpty ? ""
      : `${range}${count(told.matching)}${told.matching === told.total ? "" : ` (${count(told.total)} in all)`}`);
    this.paintSums(told.roles);
    const most = Math.max(...told.rows.map((row) => row.rate), 1e-9);
    fill(this.body, told.rows.map((row) => this.row(row, most)));
  }

  row(row, most) {
    const state = { samples: "busy", measures: "busy", silent: "trouble" }[row.doing.split(" ")[0]] ?? "";
    const meter = (share) => {
      const bar = make("i", {});
      bar.style.width = `${Math.round(Math.min(1, share) * 100)}%`;
      return make("span", { class: "meter", "aria-hidden": "true" }, bar);
    };
    const cells = {
      role: row.role.replace("-", " "), doing: make("span", { class: `state ${state}`, title: row.waits_for ?? "" },
        row.doing),
      rate: [short(row.rate), meter(row.rate / most)],
      busy: isNumber(row.busy) ? [percent(row.busy, 0), meter(row.busy)] : "-",
      queue: isNumber(row.queue) ? count(row.queue) : "-", staleness: isNumber(row.staleness) ? String(row.staleness)
        : "-",
      crystals: count(row.crystals), memory: fixed(row.memory, 0), silence: row.doing === "left" ? "-"
        : row.silence < 1 ? "now" : `${count(row.silence)} s ago`,
    };
    return make("tr", {}, COLUMNS.map(([name, , look], index) => index === 0
      ? make("th", { scope: "row", class: look, title: row.engine ?? "" }, row.name)
      : make("td", { class: look }, cells[name])));
  }

  paintSums(roles) {
    if (this.cards?.length !== roles.length) {
      this.cards = roles.map(() => ({ words: make("div"), canvas: make("canvas", { role: "img" }) }));
      fill(this.sums, this.cards.map((card) => make("div", { class: "card sum" }, card.words, card.canvas)));
    }
    roles.forEach((role, index) => {
      const card = this.cards[index];
      const doing = Object.entries(role.doing).sort((a, b) => b[1] - a[1]).map(([name, number]) =>
        `${count(number)} ${name}`);
      fill(card.words, make("b", {},
        `${count(role.peers)} ${role.role.replace("-", " ")}${role.peers === 1 ? "" : "s"}`),
        make("div", { class: "soft small" }, `${short(role.rate)} crystals/s together` +
          `${isNumber(role.busy) ? `, busy ${percent(role.busy, 0)} of the time` : ""}; ${doing.join(", ")}`));
      card.map = role.map;
      card.canvas.setAttribute("aria-label", `${role.role}: how busy each of ${role.peers} is`);
    });
    this.paintMaps();
  }

  // A cell for each peer, the deeper the busier.
  paintMaps() {
    for (const card of this.cards ?? []) {
      const width = card.canvas.clientWidth;
      if (!width || !card.map) continue;
      const cell = card.map.length > 600 ? 7 : card.map.length > 120 ? 10 : 14;
      const columns = Math.max(1, Math.floor(width / cell));
      const height = Math.ceil(card.map.length / columns) * cell;
      const ratio = Math.min(2, devicePixelRatio || 1);
      card.canvas.width = Math.round(width * ratio);
      card.canvas.height = Math.round(height * ratio);
      card.canvas.style.height = `${height}px`;
      const context = card.canvas.getContext("2d");
      context.scale(ratio, ratio);
      const style = getComputedStyle(card.canvas);
      const [full, none] = [style.getPropertyValue("--c1"), style.getPropertyValue("--empty")];
      card.map.forEach((busy, index) => {
        const [x, y] = [(index % columns) * cell, Math.floor(index / columns) * cell];
        context.globalAlpha = 1;
        context.fillStyle = none;
        context.fillRect(x, y, cell - 2, cell - 2);
        if (busy > 0) {
          context.globalAlpha = 0.12 + 0.88 * (busy / 100);
          context.fillStyle = full;
          context.fillRect(x, y, cell - 2, cell - 2);
        }
      });
    }
  }
}
