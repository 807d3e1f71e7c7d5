// Crystals in three dimensions on a canvas: balls, sticks and the edges of the cell, from back to front.

// What most people expect of the common elements; the others take a colour by their place in the table.
const KNOWN = { 1: "#e9ecef", 3: "#b48cf0", 5: "#e9a58c", 6: "#6f7780", 7: "#4a6cf0", 8: "#e5403a", 9: "#74cf6e",
  11: "#8f66e0", 12: "#5fb85b", 13: "#b9a7b3", 14: "#d8b074", 15: "#ee8a2c", 16: "#e3c22f", 17: "#3cbb52",
    19: "#7449c9",
  20: "#3f9f4e", 22: "#a3a9b3", 26: "#d0683a", 27: "#dd7fa0", 28: "#57b08a", 29: "#c77f45", 30: "#7d83b5",
    35: "#a2492d",
  47: "#b7bdc6", 53: "#83389f", 55: "#52259b", 56: "#2d8a44", 78: "#c9ccd6", 79: "#e9bd3a", 80: "#b0b6c8",
    82: "#5c616b" };

function hue(h, s, l) { return `hsl(${h} ${s}% ${l}%)`; }

export function colour(number) {
  if (KNOWN[number]) return KNOWN[number];
  if (number >= 57 && number <= 71) return hue(168 + (number - 57) * 2.6, 42, 62 - (number - 57) * 1.1);
  if (number >= 89) return hue(316 - (number - 89) * 3, 42, 56);
  const starts = [[37, 18], [55, 32], [19, 18]];
  const [start] = number >= 55 ? starts[1] : number >= 37 ? starts[0] : starts[2];
  let column = number - start;
  if (number >= 72) column -= 14;
  if (column <= 1) return column === 0 ? hue(264, 52, 58) : hue(136, 42, 46);
  if (column <= 11) return hue(196 + column * 13, 34, number >= 55 ? 52 : 60);
  return hue(22 + (column - 12) * 30, 38, 55);
}

const sprites = new Map();

// A ball lit from the upper left.
function ball(number, isDark) {
  const key = `${number} ${isDark}`;
  if (sprites.has(key)) return sprites.get(key);
  const size = 160;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const context = canvas.getContext("2d");
  const middle = size / 2;
  const radius = middle - 2;
  context.beginPath();
  context.arc(middle, middle, radius, 0, 2 * Math.PI);
  context.fillStyle = colour(number);
  context.fill();
  const light = context.createRadialGradient(middle * 0.68, middle * 0.6, radius * 0.05, middle, middle, radius);
  light.addColorStop(0, "rgb(255 255 255 / 78%)");
  light.addColorStop(0.28, "rgb(255 255 255 / 22%)");
  light.addColorStop(0.62, "rgb(0 0 0 / 2%)");
  light.addColorStop(0.9, "rgb(0 0 0 / 30%)");
  light.addColorStop(1, isDark ? "rgb(0 0 0 / 55%)" : "rgb(0 0 0 / 42%)");
  context.fillStyle = light;
  context.fill();
  sprites.set(key, canvas);
  return canvas;
}

export function swatch(canvas, number) {
  canvas.width = canvas.height = 24;
  canvas.getContext("2d").drawImage(ball(number, false), 0, 0, 24, 24);
}

// What is drawn of a crystal: atoms in the cell and on its faces, sticks between neighbours; all in angstrom.
export function solid(crystal) {
  const [a, b, c] = crystal.cell;
  const place = (f) => [0, 1, 2].map((axis) => f[0] * a[axis] + f[1] * b[axis] + f[2] * c[axis]);
  const centre = place([0.5, 0.5, 0.5]);
  const atoms = [];
  const edge = 0.015;
  for (const [element, ...f] of crystal.atoms) {
    const ways = f.map((value) => (value < edge ? [value, value + 1] : value > 1 - edge ? [value, value - 1]
      : [value]));
    for (const x of ways[0]) for (const y of ways[1]) for (const z of ways[2]) {
      const at = place([x, y, z]).map((value, axis) => value - centre[axis]);
      atoms.push({ element, at, radius: 0.24 + 0.26 * crystal.elements[element].radius });
    }
  }
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((index) =>
    place([index & 1, (index >> 1) & 1, (index >> 2) & 1]).map((value, axis) => value - centre[axis]));
  const edges = [];
  for (let from = 0; from < 8; from += 1) for (const axis of [1, 2, 4]) {
    if (!(from & axis)) edges.push({ from: corners[from], to: corners[from | axis], axis: from ? null : axis });
  }
  const reach = Math.max(...corners.map((corner) => Math.hypot(...corner)), ...atoms.map((atom) =>
    Math.hypot(...atom.at) + atom.radius * 0.5));
  // Around the upright axis the picture keeps its width; heights as seen in the first view.
  const spots = [...corners.map((at) => ({ at, radius: 0 })), ...atoms];
  const side = Math.max(...spots.map(({ at, radius }) => Math.hypot(at[0], at[1]) + radius));
  const rise = Math.max(...spots.map(({ at, radius }) => Math.abs(at[2]) * Math.cos(START.pitch) +
    Math.hypot(at[0], at[1]) * Math.sin(START.pitch) + radius));
  return { atoms, sticks: sticks(crystal, atoms), edges, reach, side, rise, elements: crystal.elements };
}

// Neighbours: nearer than their radii allow, and where metals meet others, only those unlike each other.
function sticks(crystal, atoms) {
  const limit = 1.18;
  const found = (isTaken) => {
    const pairs = [];
    for (let i = 0; i < atoms.length; i += 1) for (let j = i + 1; j < atoms.length; j += 1) {
      const [p, q] = [atoms[i], atoms[j]];
      const [e, f] = [crystal.elements[p.element], crystal.elements[q.element]];
      const most = limit * (e.radius + f.radius);
      const distance = Math.hypot(p.at[0] - q.at[0], p.at[1] - q.at[1], p.at[2] - q.at[2]);
      if (distance < most && distance > 0.4 && isTaken(e, f)) pairs.push([p, q]);
    }
    return pairs;
  };
  const unlike = found((e, f) => Math.abs(e.pull - f.pull) > 0.5 || (e.pull > 2.1 && f.pull > 2.1 && e.radius +
    f.radius < 2.4));
  const pairs = unlike.length ? unlike : found(() => true);
  return pairs.length <= 1500 ? pairs : [];
}

export const START = { yaw: -0.52, pitch: 0.3, zoom: 1 };

// Draws from back to front; the view is {yaw, pitch, zoom}.
export function render(canvas, body, view, options = {}) {
  const ratio = Math.min(2, devicePixelRatio || 1);
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width || !height) return;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const style = options.style ?? getComputedStyle(canvas);
  const isDark = document.documentElement.dataset.theme === "dark" || (!document.documentElement.dataset.theme &&
    matchMedia("(prefers-color-scheme: dark)").matches);
  const [line, paper] = [style.getPropertyValue("--axis"), style.getPropertyValue("--card")];
  const [sy, cy, sp, cp] = [Math.sin(view.yaw), Math.cos(view.yaw), Math.sin(view.pitch), Math.cos(view.pitch)];
  const distance = body.reach * 5.5;
  const scale = Math.min((width / 2 - 8) / body.side, (height / 2 - 8) / body.rise) * view.zoom * 0.95;
  // c points up: x to the right, z up, y into the page.
  const project = ([x, y, z]) => {
    const [x1, y1] = [x * cy - y * sy, x * sy + y * cy];
    const [y2, z2] = [y1 * cp - z * sp, y1 * sp + z * cp];
    const near = distance / (distance + y2);
    return { x: width / 2 + x1 * scale * near, y: height / 2 - z2 * scale * near, depth: y2, near: near * scale };
  };
  const things = [];
  for (const atom of body.atoms) {
    const at = project(atom.at);
    things.push({ depth: at.depth, kind: 0, at, radius: atom.radius * at.near,
      number: body.elements[atom.element].number });
  }
  for (const [p, q] of body.sticks) {
    const middle = project(p.at.map((value, axis) => (value + q.at[axis]) / 2));
    const length = Math.hypot(...p.at.map((value, axis) => q.at[axis] - value));
    for (const [atom, other] of [[p, q], [q, p]]) {
      // From just below the ball's surface: a stick that began in its middle would be drawn over it.
      const part = Math.min(0.5, atom.radius * 0.88 / length);
      const end = project(atom.at.map((value, axis) => value + (other.at[axis] - value) * part));
      things.push({ depth: (end.depth + middle.depth) / 2, kind: 1, from: end, to: middle,
        width: 0.105 * (end.near + middle.near), number: body.elements[atom.element].number });
    }
  }
  for (const edge of body.edges) {
    const pieces = 8;
    const between = (part) => edge.from.map((value, axis) => value + (edge.to[axis] - value) * part);
    for (let piece = 0; piece < pieces; piece += 1) {
      const [from, to] = [project(between(piece / pieces)), project(between((piece + 1) / pieces))];
      // A little behind its place, so that balls at the corners hide its ends.
      things.push({ depth: (from.depth + to.depth) / 2 + 0.5, kind: 2, from, to });
    }
  }
  things.sort((left, right) => right.depth - left.depth);
  context.lineCap = "butt";
  for (const thing of things) {
    // What is further away is paler.
    const fog = Math.min(0.5, Math.max(0, (thing.depth / body.reach + 0.25) * 0.3));
    if (thing.kind === 0) {
      const r = thing.radius;
      context.drawImage(ball(thing.number, isDark), thing.at.x - r, thing.at.y - r, 2 * r, 2 * r);
      if (fog > 0.02) {
        context.globalAlpha = fog;
        context.fillStyle = paper;
        context.beginPath();
        context.arc(thing.at.x, thing.at.y, r + 0.5, 0, 2 * Math.PI);
        context.fill();
        context.globalAlpha = 1;
      }
    } else if (thing.kind === 1) {
      stick(context, thing, fog, paper);
    } else {
      context.globalAlpha = 0.85 - fog;
      context.strokeStyle = line;
      context.lineWidth = 1.1;
      context.beginPath();
      context.moveTo(thing.from.x, thing.from.y);
      context.lineTo(thing.to.x, thing.to.y);
      context.stroke();
      context.globalAlpha = 1;
    }
  }
  if (options.axes) axes(context, body, project, height, style);
}

function stick(context, thing, fog, paper) {
  const trace = () => {
    context.beginPath();
    context.moveTo(thing.from.x, thing.from.y);
    context.lineTo(thing.to.x, thing.to.y);
    context.stroke();
  };
  context.strokeStyle = colour(thing.number);
  context.lineWidth = Math.max(1, thing.width);
  trace();
  context.strokeStyle = "rgb(0 0 0 / 26%)";
  trace();
  context.strokeStyle = colour(thing.number);
  context.lineWidth = Math.max(0.6, thing.width * 0.62);
  trace();
  context.strokeStyle = "rgb(255 255 255 / 34%)";
  context.lineWidth = Math.max(0.4, thing.width * 0.24);
  trace();
  if (fog > 0.02) {
    context.globalAlpha = fog;
    context.strokeStyle = paper;
    context.lineWidth = Math.max(1, thing.width + 0.6);
    trace();
    context.globalAlpha = 1;
  }
}

// The directions of a, b and c, in a corner.
function axes(context, body, project, height, style) {
  const origin = project([0, 0, 0]);
  const names = { 1: ["a", "--c2"], 2: ["b", "--c3"], 4: ["c", "--c1"] };
  context.font = "600 12px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const edge of body.edges.filter((one) => one.axis)) {
    const along = edge.to.map((value, axis) => value - edge.from[axis]);
    const length = Math.hypot(...along);
    const tip = project(along.map((value) => value / length));
    const [x, y] = [(tip.x - origin.x) / origin.near, (tip.y - origin.y) / origin.near];
    const [name, ink] = names[edge.axis];
    context.strokeStyle = context.fillStyle = style.getPropertyValue(ink);
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(40, height - 40);
    context.lineTo(40 + x * 22, height - 40 + y * 22);
    context.stroke();
    context.fillText(name, 40 + x * 31, height - 40 + y * 31);
  }
}
