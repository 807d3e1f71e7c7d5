// Numbers as people read them, and elements of the page.

export const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

export function fixed(value, decimals) { return isNumber(value) ? value.toFixed(decimals) : "-"; }
export function percent(share, decimals = 1) { return isNumber(share) ? `${(share * 100).toFixed(decimals)}%` : "-"; }
export function count(value) { return isNumber(value) ? Math.round(value).toLocaleString("en-US") : "-"; }

// Without zeros at the end of its decimals: "40.0%" is "40%".
export function trimmed(text) {
  return text.replace(/(\.\d*?)0+(?=\D*$)/, "$1").replace(/\.(?=\D*$)/, "");
}

// About three significant digits.
export function short(value) {
  if (!isNumber(value)) return "-";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e6) return `${(value / 1e6).toFixed(size >= 1e8 ? 0 : 1)}M`;
  if (size >= 99.95) return count(value);
  if (size >= 9.995) return value.toFixed(1);
  if (size >= 0.9995) return value.toFixed(2);
  if (size >= 0.001) return value.toFixed(3);
  return value.toExponential(1);
}

export function duration(seconds) {
  if (!isNumber(seconds) || seconds < 0) return "-";
  const whole = Math.round(seconds);
  const two = (value) => String(value).padStart(2, "0");
  if (whole < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
  return `${Math.floor(whole / 86400)} d ${two(Math.floor((whole % 86400) / 3600))} h`;
}

export function moment(seconds) {
  if (!isNumber(seconds)) return "-";
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ") + " UTC";
}

export const words = (name) => String(name).replaceAll("_", " ").replaceAll("-", " ");

// An element with attributes and children; texts are never read as markup.
export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

const SVG = "http://www.w3.org/2000/svg";
export function draw(tag, attributes = {}, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

// "CaTiO3" with its numbers below the line.
export function formula(text) {
  const parts = String(text).match(/\d+|\D+/g) ?? [];
  return parts.map((part) => (/^\d/.test(part) ? make("sub", {}, part) : part));
}

// Shows other children.
export function fill(node,
  ...children) { node.replaceChildren(...children.flat(Infinity).filter((child) => child !== null)); }

export async function ask(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

export const calm = matchMedia("(prefers-reduced-motion: reduce)");
