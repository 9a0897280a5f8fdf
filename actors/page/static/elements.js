// Elements, tables, the hint under the pointer and what is said to a screen reader. Text only ever
// enters a page as text nodes, never as markup; styles are set as properties, which a page may do
// whose policy forbids style attributes.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") element.style.cssText = value;
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

// Puts this in the place of what is in the element; what is null or false is left out.
function put_into(element, ...content) {
  element.replaceChildren();
  return fill(element, null, content);
}

// ---- tables ----------------------------------------------------------------------------------

// What of a table its place cuts off: the names of the columns to the left and to the right.
function out_of_sight(place, names) {
  const box = place.getBoundingClientRect();
  const out = { left: [], right: [] };
  [...place.querySelectorAll("th")].forEach((th, i) => {
    const cell = th.getBoundingClientRect();
    if (cell.right > box.right + 2) out.right.push(names[i]);
    else if (cell.left < box.left - 2) out.left.push(names[i]);
  });
  return out;
}

// Columns are { name, of(row), number }. A table that is wider than its place can be scrolled by
// keyboard, fades where it is cut, and names the columns that are out of sight.
function table(columns, rows, { row_class, label = "table" } = {}) {
  const head = columns.map(c => el("th", { class: c.number ? "number" : null, scope: "col" }, c.name));
  const body = rows.map(row => el("tr", { class: row_class ? row_class(row) : null },
    columns.map(c => el("td", { class: c.number ? "number" : null }, c.of(row)))));
  const place = el("div", { class: "scroll" }, el("table", null, el("thead", null, el("tr", null, head)), el("tbody", null, body)));
  const said = el("div", { class: "cut", hidden: true });
  const names = columns.map(c => c.name || "the first");
  const measure = () => {
    const cut = place.scrollWidth > place.clientWidth + 1;
    const out = cut ? out_of_sight(place, names) : { left: [], right: [] };
    place.classList.toggle("cut-left", out.left.length > 0);
    place.classList.toggle("cut-right", out.right.length > 0);
    said.hidden = !cut;
    if (!cut) return ["tabindex", "role", "aria-label"].forEach(name => place.removeAttribute(name));
    fill(place, { tabindex: 0, role: "region", "aria-label": `${label}, can be scrolled sideways` }, []);
    said.replaceChildren(el("span", null, out.left.length ? "← " + out.left.join(", ") : ""), el("span", null, out.right.length ? out.right.join(", ") + " →" : ""));
  };
  place.addEventListener("scroll", measure, { passive: true });
  new ResizeObserver(measure).observe(place);
  return el("div", { class: "table" }, place, said);
}

// Of more than there is room for, those that are shown, and a line that says so.
function first_few(all, most, what) {
  return { shown: all.slice(0, most), note: all.length > most ? el("p", { class: "note" }, `${whole(most)} of ${whole(all.length)} ${what} are shown.`) : null };
}

// ---- the hint, and the voice -----------------------------------------------------------------

// The one hint that follows the pointer, or stands beside what the keyboard is at.
const tip = el("div", { class: "tip", hidden: true, "aria-hidden": "true" });
const voice = el("div", { class: "unseen", "aria-live": "polite", role: "status" });
document.body.append(tip, voice);

function show_tip(at, ...content) {
  tip.replaceChildren(...content.flat(Infinity).filter(Boolean));
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  const beside = at.clientX + 16 + box.width > window.innerWidth ? at.clientX - box.width - 14 : at.clientX + 16;
  const below = at.clientY + 18 + box.height > window.innerHeight ? at.clientY - box.height - 12 : at.clientY + 18;
  tip.style.left = Math.max(4, beside) + "px";
  tip.style.top = Math.max(4, below) + "px";
}

function hide_tip() { tip.hidden = true; }

function tip_row(name, value) { return el("div", { class: "row" }, el("span", null, name), el("b", null, value)); }

// Has a screen reader say it.
function say(text) { if (voice.textContent !== text) voice.textContent = text; }

// Where a key leads from place `at` among `size`; null if the key moves nothing.
function place_after(key, at, size, page) {
  const moves = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, PageUp: -page, PageDown: page, Home: -size, End: size };
  return key in moves && size > 0 ? Math.min(size - 1, Math.max(0, at + moves[key])) : null;
}
