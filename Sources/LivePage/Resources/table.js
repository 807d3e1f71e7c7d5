// What became of the crystals: ledger, reasons, evaluations, elements.

import { count, fill, make, percent, words } from "./text.js";

const FATES = [["trained", 1], ["in_flight", 3], ["stale", 4], ["abstained", 5], ["invalid", 2], ["failed", 2],
  ["left_out", 0],
  ["unjudged", 0]];

export class Books {
  constructor() {
    this.ledger = make("div", { class: "card inner" });
    this.reasons = make("div", { class: "card inner" });
    this.evaluation = make("div", { class: "card inner" });
    this.elements = make("div", { class: "elements", role: "img" });
    this.note = make("p", { class: "note" });
    this.evaluated = make("section", { id: "evaluation", "aria-label": "Evaluation" }, make("div", { class: "title" },
      make("h2", {}, "Stable, unique and novel")), this.evaluation);
    this.table = make("section", { id: "elements", "aria-label": "Elements" }, make("div", { class: "title" },
      make("h2", {}, "What is made")), make("div", { class: "card inner" }, this.elements, this.note));
    this.made = make("div", { class: "made" }, this.table, this.evaluated);
    this.node = make("section", { id: "ledger", "aria-label": "Ledger" },
      make("div", { class: "title" }, make("h2", {}, "Ledger")),
      make("div", { class: "pair" }, this.ledger, this.reasons));
  }

  update(books) {
    for (const part of [this.node, this.table]) part.classList.toggle("hidden", !books.ledger);
    this.evaluated.classList.toggle("hidden", !books.evaluation);
    if (!books.ledger) return;
    this.paintLedger(books);
    this.paintReasons(books);
    if (books.evaluation) this.paintEvaluation(books.evaluation);
    if (books.elements) this.paintElements(books.elements);
  }

  paintLedger({ ledger }) {
    const entries = FATES.map(([fate, mark]) => ({ fate, mark, number: ledger.fates[fate]?.crystals ?? 0 }))
      .filter((entry) => entry.number > 0);
    const total = Math.max(1, ledger.granted);
    const bar = make("div", { class: "shares", role: "img", "aria-label": entries.map((entry) =>
      `${words(entry.fate)} ${percent(entry.number / total)}`).join(", ") }, entries.map((entry) => {
      const part = make("div", { class: `f${entry.mark}` });
      part.style.flexGrow = String(entry.number);
      return part;
    }));
    const rows = entries.map((entry) => make("tr", {}, make("th", { scope: "row" }, words(entry.fate)),
      make("td", {}, count(entry.number)), make("td", {}, percent(entry.number / total))));
    const again = [["units given out again", ledger.regranted], ["tasks given out again", ledger.requeued],
      ["results that came twice", ledger.duplicates]].filter(([, number]) => number > 0);
    fill(this.ledger, make("h3", {}, `${count(ledger.granted)} crystals in ${count(ledger.steps)} steps`), bar,
      make("table", {}, make("caption", { class: "sr" }, "Ledger"), make("tbody", {}, rows)),
      make("p", { class: `note ${ledger.balanced ? "" : "bad"}` }, ledger.balanced
        ? ["It balances: every crystal that was granted is accounted for, once.",
          again.map(([name, number]) => ` ${count(number)} ${name}.`)]
        : `It does not balance: ${ledger.problems.join("; ")}`));
  }

  paintReasons({ outcomes }) {
    const total = Math.max(1, outcomes.reduce((sum, one) => sum + one.crystals, 0));
    const sum = (name) => outcomes.filter((one) => one.outcome === name).reduce((all, one) => all + one.crystals, 0);
    const rows = outcomes.filter((one) => one.reason).slice(0, 12).map((one) => make("tr", {},
      make("th", { scope: "row" }, words(one.reason)), make("td", { class: "left soft" }, one.outcome === "scored"
        ? "measured" : one.outcome),
      make("td", {}, count(one.crystals)), make("td", {}, percent(one.crystals / total))));
    fill(this.reasons, make("h3", {},
      `${percent(sum("scored") / total)} measured, ${percent(sum("invalid") / total)} invalid` +
      (sum("failed") ? `, ${percent(sum("failed") / total)} failed` : "")), rows.length
      ? make("table", {}, make("caption", { class: "sr" }, "Why crystals were invalid, failed or were left out"),
        make("tbody", {}, rows))
      : make("p", { class: "soft" }, "No crystal had to be left out."));
  }

  paintEvaluation(evaluation) {
    const named = (policy, name) => (policy && policy !== name ? policy : `the policy ${name}`);
    const periods = ["before", "after"].filter((name) => evaluation[name]);
    const forms = periods.flatMap((name) => [[name, "as_sampled"], [name, "relaxed"]].filter(([, form]) =>
      evaluation[name][form]));
    const lines = [["sun", "S.U.N."], ["stable", "stable"], ["unique", "unique"], ["novel", "novel"],
      ["on_hull", "on the hull"]];
    const cell = (value) => (Array.isArray(value)
      ? [percent(value[0]), make("span", { class: "soft" }, ` ± ${percent(value[1])}`)] : "-");
    const rows = lines.filter(([key]) => forms.some(([name, form]) =>
      Array.isArray(evaluation[name][form][key]))).map(([key, title]) =>
      make("tr", {}, make("th", { scope: "row" }, title),
        forms.map(([name, form]) => make("td", {}, cell(evaluation[name][form][key])))));
    fill(this.evaluation, make("div", { class: "scroll" }, make("table", {},
      make("thead", {}, make("tr", {}, make("td", {}),
      forms.map(([name, form]) => make("th", { scope: "col" },
        `${name}${forms.some(([, one]) => one === "relaxed") ? `, ${words(form)}` : ""}`)))),
      make("tbody", {}, rows))), make("p", { class: "note" }, periods.map((name) =>
        `${name}: ${count(evaluation[name].samples)} samples of ${named(evaluation[name].policy, name)}`).join("; ") +
        ". Stable, unique and novel: different crystals that are stable and match no known one."));
  }

  paintElements(elements) {
    const most = Math.max(...elements.cells.map((cell) => cell[3]), 1);
    const total = Math.max(1, elements.total);
    const cells = elements.cells.map(([symbol, row, column, number]) => {
      const node = make("div", { title: `${symbol}: ${percent(number / total)} of ${count(total)} crystals` },
        make("span", {}, symbol));
      node.style.gridRow = String(row > 7 ? row + 1 : row);
      node.style.gridColumn = String(column);
      const share = Math.sqrt(number / most);
      if (number) node.style.setProperty("--share", (0.08 + 0.92 * share).toFixed(3));
      node.classList.toggle("some", number > 0);
      node.classList.toggle("deep", share > 0.55);
      return node;
    });
    const gap = make("div", { class: "gap" });
    gap.style.gridRow = "8";
    fill(this.elements, cells, gap);
    const top = elements.cells.filter((cell) => cell[3]).toSorted((a, b) => b[3] - a[3]).slice(0, 5);
    const span = elements.first === elements.last ? `version ${elements.last}`
      : `versions ${elements.first} to ${elements.last}`;
    const made = elements.cells.filter((cell) => cell[3]).length;
    const said = top.map((cell) => `${cell[0]} in ${percent(cell[3] / total, 0)}`).join(", ");
    this.elements.setAttribute("aria-label", `Periodic table: ${made} elements are in use; ${said}`);
    fill(this.note, `${made} elements in ${count(elements.total)} crystals of ${span}: ${said}. `,
      "The deeper, the more crystals hold the element.");
  }
}
