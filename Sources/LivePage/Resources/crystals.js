// The newest and the best crystals: a gallery, and one of them to turn.

import { START, render, solid, swatch } from "./solid.js";
import { ask, calm, fill, fixed, formula, make, moment } from "./text.js";

const KINDS = [["best", "Most stable"], ["rewarded", "Highest reward"], ["newest", "Newest"]];
const TURN = 0.12;

export class Crystals {
  constructor(key) {
    this.key = key;
    this.kind = "best";
    this.view = { ...START };
    this.cards = [];
    this.note = make("span", { class: "soft" });
    this.tabs = make("div", { class: "tabs", role: "group", "aria-label": "Which crystals" },
      KINDS.map(([kind, name]) =>
      make("button", { type: "button", "data-kind": kind, "aria-pressed": String(kind === this.kind),
        onclick: () => this.choose(kind) }, name)));
    this.canvas = make("canvas", { tabindex: "0", role: "img", "aria-describedby": "turning" });
    this.under = make("div", { class: "under" });
    this.gallery = make("div", { class: "gallery" });
    this.stage = make("div", { class: "stage" }, make("div", { class: "card viewer" }, this.canvas, this.under),
      this.gallery);
    this.empty = make("div", { class: "card problem hidden" }, "No crystal has been measured yet.");
    this.node = make("section", { id: "crystals", "aria-label": "Crystals" }, make("div", { class: "title" },
      make("h2", {}, "Crystals"), this.note, make("div", { class: "push" }, this.tabs)), this.stage, this.empty,
      make("p", { class: "note", id: "turning" },
        "Turn by dragging or with the arrow keys; nearer and further with the wheel, " +
        "two fingers, + and -; 0 for the first view."));
    this.turnable(this.canvas);
    this.observer = new ResizeObserver(() => this.paint());
    this.observer.observe(this.canvas);
    this.spin = null;
  }

  remove() { this.observer.disconnect(); cancelAnimationFrame(this.spin); }

  choose(kind) {
    this.kind = kind;
    this.chosen = null;
    for (const button of this.tabs.children) button.setAttribute("aria-pressed", String(button.dataset.kind === kind));
    this.refresh();
  }

  async refresh() {
    const kind = this.kind;
    const told = await ask(`/api/runs/${this.key}/crystals?kind=${kind}&count=12`);
    if (kind !== this.kind) return;
    const crystals = (told.crystals ?? []).filter((crystal) => crystal.atoms);
    this.stableBelow = told.stable_below;
    this.stage.classList.toggle("hidden", !crystals.length);
    this.empty.classList.toggle("hidden", crystals.length > 0);
    fill(this.note,
      { best: "lowest above the hull, one for each formula and space group, none that a guard turned down",
      rewarded: "of the last versions, one for each formula and space group",
      newest: "as they are measured" }[kind]);
    const names = crystals.map((crystal) => crystal.id).join();
    if (names === this.names) return;
    this.names = names;
    const isLatest = kind === "newest" && this.cards[0]?.crystal.id === this.chosen?.id;
    this.cards = crystals.map((crystal) => this.card(crystal));
    fill(this.gallery, this.cards.map((card) => card.node));
    const same = isLatest ? null : this.cards.find((card) => card.crystal.id === this.chosen?.id);
    this.select((same ?? this.cards[0])?.crystal);
    requestAnimationFrame(() => this.paint());
  }

  card(crystal) {
    const canvas = make("canvas", { "aria-hidden": "true" });
    const isStable = crystal.above_hull <= this.stableBelow;
    const node = make("button", { type: "button", "aria-pressed": "false", onclick: () => this.select(crystal) },
      canvas,
      make("b", {}, formula(crystal.formula)), make("span", {}, `${crystal.symbol} (${crystal.group})`),
      make("span", { class: isStable ? "good" : "" }, `${fixed(crystal.above_hull, 3)} eV/atom`));
    return { crystal, node, canvas, body: solid(crystal) };
  }

  select(crystal) {
    if (!crystal) return;
    this.chosen = crystal;
    this.body = solid(crystal);
    for (const card of this.cards) card.node.setAttribute("aria-pressed", String(card.crystal.id === crystal.id));
    const chips = crystal.elements.map((element) => {
      const dot = make("canvas", {});
      swatch(dot, element.number);
      return make("span", {}, dot, element.symbol);
    });
    const [a, b, c, alpha, beta, gamma] = crystal.lattice;
    const rows = [
      ["above hull", `${fixed(crystal.above_hull, 3)} eV/atom`, crystal.above_hull <= this.stableBelow ? "good" : ""],
      ["space group", `${crystal.symbol} (${crystal.group}), ${crystal.system}`],
      ["energy", `${fixed(crystal.energy, 3)} eV/atom`], ["reward", fixed(crystal.reward, 3)],
      ["a, b, c", `${fixed(a, 2)}, ${fixed(b, 2)}, ${fixed(c, 2)} Å`],
      ["angles", `${fixed(alpha, 1)}, ${fixed(beta, 1)}, ${fixed(gamma, 1)}°`],
      ["in the cell", `${crystal.atoms_in_cell} atoms`],
      ["sites", crystal.sites.map((site) => `${site.element} ${site.multiplicity}${site.letter}`).join(", ")],
      ["shown", crystal.relaxed ? "relaxed" : "as sampled"], ["made by",
        `version ${crystal.version}, ${moment(crystal.time)}`],
    ];
    fill(this.under, make("div", { class: "name" }, make("b", {}, formula(crystal.formula)),
      make("a", { href: `/api/runs/${this.key}/crystals/${crystal.id}.cif`, class: "small" }, "CIF"),
      make("div", { class: "chips" }, chips)),
      make("dl", {}, rows.map(([name, value, look]) => [make("dt", {}, name),
        make("dd", { class: look ?? "" }, value)])));
    this.canvas.setAttribute("aria-label",
      `${crystal.formula}, space group ${crystal.symbol}, ${crystal.atoms.length} atoms in ` +
      `the cell, ${fixed(crystal.above_hull, 3)} eV/atom above the hull`);
    this.turn();
  }

  paint() {
    if (this.body) render(this.canvas, this.body, this.view, { axes: true });
    for (const card of this.cards) render(card.canvas, card.body, START);
  }

  // Turns slowly until somebody takes it in hand, while it is seen.
  turn() {
    cancelAnimationFrame(this.spin);
    const draw = () => render(this.canvas, this.body, this.view, { axes: true });
    draw();
    if (calm.matches || this.isHeld) return;
    let last = null;
    const step = (time) => {
      if (this.isHeld || !this.canvas.isConnected) return;
      const box = this.canvas.getBoundingClientRect();
      const isSeen = box.bottom > 0 && box.top < innerHeight && !document.hidden;
      // A picture that moves by itself may cost little: twenty frames a second.
      if (last === null || time - last >= 50) {
        if (isSeen && last !== null) { this.view.yaw += TURN * Math.min(0.2, (time - last) / 1000); draw(); }
        last = time;
      }
      this.spin = requestAnimationFrame(step);
    };
    this.spin = requestAnimationFrame(step);
  }

  turnable(canvas) {
    const fingers = new Map();
    let spread = 0;
    const hold = () => { this.isHeld = true; cancelAnimationFrame(this.spin); };
    const zoom = (factor) => { this.view.zoom = Math.min(6, Math.max(0.4, this.view.zoom * factor)); };
    const draw = () => this.body && render(canvas, this.body, this.view, { axes: true });
    canvas.addEventListener("pointerdown", (event) => {
      hold();
      fingers.set(event.pointerId, [event.clientX, event.clientY]);
      canvas.setPointerCapture(event.pointerId);
      spread = 0;
    });
    canvas.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      fingers.set(event.pointerId, [event.clientX, event.clientY]);
      if (fingers.size === 1) {
        this.view.yaw += (event.clientX - before[0]) * 0.01;
        this.view.pitch = Math.min(1.57, Math.max(-1.57, this.view.pitch + (event.clientY - before[1]) * 0.01));
      } else {
        const [p, q] = [...fingers.values()];
        const now = Math.hypot(p[0] - q[0], p[1] - q[1]);
        if (spread) zoom(now / spread);
        spread = now;
      }
      draw();
    });
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name,
      (event) => fingers.delete(event.pointerId));
    canvas.addEventListener("wheel", (event) => { event.preventDefault(); hold();
      zoom(Math.exp(-event.deltaY * 0.0012)); draw(); },
      { passive: false });
    canvas.addEventListener("keydown", (event) => {
      const moves = { ArrowLeft: [-0.12, 0], ArrowRight: [0.12, 0], ArrowUp: [0, -0.12], ArrowDown: [0, 0.12] };
      if (moves[event.key]) {
        this.view.yaw += moves[event.key][0];
        this.view.pitch = Math.min(1.57, Math.max(-1.57, this.view.pitch + moves[event.key][1]));
      } else if (event.key === "+" || event.key === "=") zoom(1.15);
      else if (event.key === "-") zoom(1 / 1.15);
      else if (event.key === "0") this.view = { ...START };
      else return;
      event.preventDefault();
      hold();
      draw();
    });
  }
}
