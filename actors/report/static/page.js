// Elements, figures with units, and reading data in which anything may be missing. Text only ever
// enters the page as text nodes, never as markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child.nodeType ? child : String(child));
  }
  return element;
}

function el(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

function svg(name, attributes, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

const dash = "–";
const is = Number.isFinite;

function object(value) { return value && typeof value === "object" && !Array.isArray(value) ? value : {}; }
function array(value) { return Array.isArray(value) ? value : []; }
function string(value) { return typeof value === "string" ? value : ""; }
function prose(name) { return string(name).replaceAll("_", " "); }

function fixed(value, digits) {
  if (!is(value)) return dash;
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace("-", "−");
}

function whole(value) { return is(value) ? Math.round(value).toLocaleString("en-US") : dash; }

function count(value) {
  if (!is(value)) return dash;
  if (Math.abs(value) < 10000) return whole(value);
  return value.toLocaleString("en-US", { notation: "compact", maximumSignificantDigits: 3 }).replace("K", "k");
}

function percent(value, digits = 0) { return is(value) ? fixed(100 * value, digits) + "\u00a0%" : dash; }

// As many digits as the size of the figure asks for.
function short(value) {
  if (!is(value)) return dash;
  const size = Math.abs(value);
  if (value === 0) return "0";
  if (size >= 10000) return count(value);
  if (size >= 100) return fixed(value, 0);
  if (size >= 10) return fixed(value, 1);
  if (size >= 0.01) return fixed(value, 3);
  return value.toExponential(1).replace("-", "−");
}

function duration(seconds) {
  if (!is(seconds)) return dash;
  if (seconds < 10) return fixed(seconds, 1) + "\u00a0s";
  if (seconds < 100) return fixed(seconds, 0) + "\u00a0s";
  const total = Math.round(seconds);
  const two = n => String(n).padStart(2, "0");
  if (total < 3600) return Math.floor(total / 60) + ":" + two(total % 60) + "\u00a0min";
  return Math.floor(total / 3600) + ":" + two(Math.floor(total / 60) % 60) + "\u00a0h";
}

function micros(value) {
  if (!is(value)) return dash;
  if (value < 10) return fixed(value, 1) + "\u00a0µs";
  if (value < 1000) return fixed(value, 0) + "\u00a0µs";
  if (value < 1e6) return fixed(value / 1000, 1) + "\u00a0ms";
  return fixed(value / 1e6, 1) + "\u00a0s";
}

function bytes(value) {
  if (!is(value)) return dash;
  if (value < 1e3) return whole(value) + "\u00a0B";
  if (value < 1e6) return fixed(value / 1e3, 0) + "\u00a0kB";
  if (value < 1e9) return fixed(value / 1e6, 1) + "\u00a0MB";
  return fixed(value / 1e9, 1) + "\u00a0GB";
}

function table(columns, rows, row_class) {
  const head = columns.map(c => el("th", { class: c.number ? "number" : null }, c.name));
  const body = rows.map(row => el("tr", { class: row_class ? row_class(row) : null },
    columns.map(c => el("td", { class: c.number ? "number" : null }, c.of(row)))));
  return el("div", { class: "scroll" }, el("table", null, el("thead", null, el("tr", null, head)), el("tbody", null, body)));
}

// The one hint that follows the pointer.
const tip = el("div", { class: "tip", hidden: true });
document.body.append(tip);

function show_tip(event, ...content) {
  tip.replaceChildren(...content.flat(Infinity).filter(Boolean));
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  const beside = event.clientX + 16 + box.width > window.innerWidth ? event.clientX - box.width - 14 : event.clientX + 16;
  const below = event.clientY + 18 + box.height > window.innerHeight ? event.clientY - box.height - 12 : event.clientY + 18;
  tip.style.left = Math.max(4, beside) + "px";
  tip.style.top = Math.max(4, below) + "px";
}

function hide_tip() { tip.hidden = true; }

function tip_row(name, value) { return el("div", { class: "row" }, el("span", null, name), el("b", null, value)); }
