// What a page must hold for everybody, as far as a program can tell: every control and landmark has
// a name, text stands out from its ground, the tab key goes through the page in its order and by few
// stops, nothing is cut off without saying so. run_checks() returns complaints.

function shown(element) {
  return element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) && element.getClientRects().length > 0;
}

function describe(element) {
  const text = (element.textContent || "").trim().slice(0, 40);
  const name = element.getAttribute("class");
  return `<${element.tagName.toLowerCase()}${element.id ? " #" + element.id : ""}${name ? " ." + name : ""}> "${text}"`;
}

function name_of(element) {
  const labelled = (element.getAttribute("aria-labelledby") || "").split(" ").filter(Boolean).map(id => document.getElementById(id));
  if (labelled.length) return labelled.map(e => e ? e.textContent : "").join(" ").trim();
  const said = element.getAttribute("aria-label") || (element.labels && [...element.labels].map(l => l.textContent).join(" ")) || element.getAttribute("alt");
  if (said && said.trim()) return said.trim();
  return /^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName) ? "" : (element.textContent || element.getAttribute("title") || "").trim();
}

function check_names() {
  const out = [];
  for (const element of document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex], [role=img], [role=region], [role=listbox], [role=tab], nav, svg[role]"))
    if (shown(element) && !name_of(element)) out.push(`no name: ${describe(element)}`);
  const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
  for (const id of new Set(ids)) if (ids.filter(other => other === id).length > 1) out.push(`two elements have the id ${id}`);
  for (const name of ["aria-controls", "aria-describedby", "aria-labelledby", "aria-activedescendant"])
    for (const element of document.querySelectorAll(`[${name}]`))
      for (const id of element.getAttribute(name).split(" ")) if (!document.getElementById(id)) out.push(`${name} of ${describe(element)} leads to no element: ${id}`);
  if (document.querySelectorAll("main").length !== 1) out.push("there must be one <main>");
  if (document.querySelectorAll("h1").length > 1) out.push("there must be one <h1>");
  if (!document.documentElement.lang) out.push("the page has no language");
  if (!document.title.trim()) out.push("the page has no title");
  let before = 0;
  for (const heading of [...document.querySelectorAll("h1, h2, h3, h4")].filter(shown)) {
    const level = Number(heading.tagName[1]);
    if (level > before + 1) out.push(`a heading of level ${level} after one of level ${before}: ${describe(heading)}`);
    before = level;
  }
  return out;
}

// ---- contrast --------------------------------------------------------------------------------

const canvas_of_checks = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

function rgba(colour) {
  canvas_of_checks.clearRect(0, 0, 1, 1);
  canvas_of_checks.fillStyle = colour;
  canvas_of_checks.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = canvas_of_checks.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
}

function over(top, ground) {
  return [0, 1, 2].map(i => top[i] * top[3] + ground[i] * (1 - top[3])).concat(1);
}

function ground_of(element) {
  const layers = [];
  for (let e = element; e; e = e.parentElement) layers.push(rgba(getComputedStyle(e).backgroundColor));
  const plain = matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18, 1] : [255, 255, 255, 1];
  return layers.reverse().reduce((ground, layer) => over(layer, ground), plain);
}

function luminance(colour) {
  const [r, g, b] = colour.slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function check_contrast() {
  const out = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || /^(SCRIPT|STYLE|NOSCRIPT|OPTION)$/.test(element.tagName) || !shown(element) || element.closest("[disabled]")) continue;
    const style = getComputedStyle(element);
    const ground = ground_of(element);
    const ink = over(rgba(element.closest("svg") ? style.fill : style.color), ground);
    const [light, dark] = [luminance(ink), luminance(ground)].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || parseFloat(style.fontSize) >= 18.6 && Number(style.fontWeight) >= 600;
    if (ratio < (large ? 3 : 4.5)) out.set(`${element.tagName}.${element.getAttribute("class")}`, `contrast ${ratio.toFixed(2)}: ${describe(element)}`);
  }
  return [...out.values()];
}

// ---- focus and room --------------------------------------------------------------------------

function tab_stops() {
  return [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")]
    .filter(e => e.tabIndex >= 0 && !e.disabled && shown(e));
}

function check_focus() {
  const out = [];
  const stops = tab_stops();
  if (stops.length > 80) out.push(`${stops.length} stops of the tab key`);
  for (const stop of stops) {
    if (stop.tabIndex > 0) out.push(`a tab order of its own: ${describe(stop)}`);
    if (stop.closest("[aria-hidden=true]")) out.push(`focus on what is hidden from screen readers: ${describe(stop)}`);
  }
  // In a document's order, what comes later must not lie wholly above and before.
  for (let i = 1; i < stops.length; ++i) {
    const [a, b] = [stops[i - 1].getBoundingClientRect(), stops[i].getBoundingClientRect()];
    if (b.bottom <= a.top && b.right <= a.left) out.push(`focus goes back up from ${describe(stops[i - 1])} to ${describe(stops[i])}`);
  }
  return out;
}

function check_room() {
  const out = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth + 1) out.push(`the page is ${root.scrollWidth} wide where ${root.clientWidth} are`);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT);
  for (let e = walker.nextNode(); e; e = walker.nextNode()) {
    if (e.closest("svg") || !shown(e) || e.classList.contains("unseen")) continue;
    const style = getComputedStyle(e);
    const hidden = style.overflowX === "hidden" || style.overflowX === "clip";
    if (hidden && e.scrollWidth > e.clientWidth + 1 && style.textOverflow !== "ellipsis" && e.textContent.trim()) out.push(`cut off: ${describe(e)}`);
    if (style.overflowX === "auto" && e.scrollWidth > e.clientWidth + 1) {
      if (e.tabIndex < 0) out.push(`scrolls, but not by keyboard: ${describe(e)}`);
      const said = e.nextElementSibling;
      if (e.classList.contains("scroll") && !(said && said.classList.contains("cut") && shown(said) && said.textContent.trim())) out.push(`is cut and does not say so: ${describe(e)}`);
    }
  }
  return out;
}

function run_checks() {
  return [...check_names(), ...check_contrast(), ...check_focus(), ...check_room()];
}
