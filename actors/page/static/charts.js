// Charts in SVG, drawn anew for every width. A chart is
//   { title, unit, x: name of the x axis, series: [{ name, colour, x, y, show, dots, dashed }],
//     top, bottom, format, stacked, marks: [{ x, text }], logarithmic, help, open }
// with every series' x rising. `help` says how it is computed; open(x) is called for the place that
// is clicked or where Enter is pressed. Charts of one group share the step under the pointer, or the
// one that the arrow keys have reached. Of a series that is denser than the screen, each pixel's first, least,
// greatest and last point are drawn.

const margin = { top: 8, right: 10, bottom: 34, left: 46 };
const chart_height = 210;
const groups = new Map();

// Some round figures from low to high, five or so.
function ticks(low, high, wanted) {
  const span = high - low;
  if (!(span > 0)) return [low];
  const rough = span / wanted;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map(m => m * unit).find(s => s >= rough * 0.999);
  const out = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-6; ++i) out.push(i === 0 ? 0 : i * step);
  return out;
}

// The figure at a tick: as many decimals as tell it from its neighbours.
function tick_text(value, all) {
  const step = all.length > 1 ? Math.abs(all[1] - all[0]) : Math.abs(value);
  if (value === 0) return "0";
  if (Math.abs(value) >= 10000) return count(value);
  if (step < 0.001) return value.toExponential(Math.abs(value / 10 ** Math.floor(Math.log10(Math.abs(value))) % 1) > 0.01 ? 1 : 0).replace("-", "−");
  let digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  if (Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) > 0.01) ++digits;
  return fixed(value, digits);
}

function decades(low, high) {
  const out = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); ++e)
    for (const m of [1, 3]) if (m * 10 ** e >= low * 0.999 && m * 10 ** e <= high * 1.001) out.push(m * 10 ** e);
  return out;
}

function extent(chart) {
  let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const s of chart.series)
    s.x.forEach((x, i) => {
      if (!is(x) || !is(s.y[i])) return;
      x0 = Math.min(x0, x); x1 = Math.max(x1, x);
      y0 = Math.min(y0, s.y[i]); y1 = Math.max(y1, s.y[i]);
    });
  if (!is(x0)) return null;
  if (is(chart.from)) x0 = Math.min(x0, chart.from);
  if (x1 === x0) x1 = x0 + 1;
  if (chart.logarithmic) {
    y0 = Math.max(y0, 1e-9);
    return { x0, x1, y0: y0 / 1.3, y1: Math.max(y1 * 1.3, y0 * 2) };
  }
  y0 = is(chart.bottom) ? chart.bottom : y0;
  y1 = is(chart.top) ? Math.max(chart.top, chart.fixed_top ? chart.top : y1) : y1;
  if (!(y1 > y0)) y1 = y0 + (chart.least || Math.abs(y0) || 1);
  const last = ticks(y0, y1, 4);
  const step = last.length > 1 ? last[1] - last[0] : y1 - y0;
  if (!is(chart.top) && last[last.length - 1] < y1 - step * 1e-6) y1 = last[last.length - 1] + step;
  if (!is(chart.bottom)) y0 = Math.floor(y0 / step + 1e-9) * step;
  return { x0, x1, y0, y1 };
}

// The places of the points that are worth drawing: all of a few, of many four in each pixel.
function drawn_places(xs, ys, X) {
  const all = Array.from(xs.keys());
  if (xs.length < 2000) return all;
  const out = [];
  let bucket = [];
  const flush = () => {
    const known = bucket.filter(i => is(ys[i]));
    const low = known.reduce((a, i) => a < 0 || ys[i] < ys[a] ? i : a, -1);
    const high = known.reduce((a, i) => a < 0 || ys[i] > ys[a] ? i : a, -1);
    out.push(...[...new Set([bucket[0], low, high, bucket[bucket.length - 1]])].filter(i => i >= 0).sort((a, b) => a - b));
    bucket = [];
  };
  for (const i of all) {
    if (bucket.length && Math.floor(X(xs[i])) !== Math.floor(X(xs[bucket[0]]))) flush();
    bucket.push(i);
  }
  if (bucket.length) flush();
  return out;
}

function line_path(s, X, Y) {
  let out = "";
  let pen = "M";
  for (const i of drawn_places(s.x, s.y, X)) {
    if (!is(s.x[i]) || !is(s.y[i])) { pen = "M"; continue; }
    out += pen + X(s.x[i]).toFixed(1) + " " + Y(s.y[i]).toFixed(1);
    pen = "L";
  }
  return out;
}

// Areas on each other: shares that sum to one.
function stack_paths(chart, X, Y) {
  const { x, y } = chart.series[0];
  const places = drawn_places(x, y, X);
  const base = x.map(() => 0);
  return chart.series.map(s => {
    const top = s.y.map((value, i) => base[i] + (is(value) ? value : 0));
    const edge = of => places.map(i => X(x[i]).toFixed(1) + " " + Y(of[i]).toFixed(1));
    const path = "M" + edge(top).join("L") + "L" + edge(base).reverse().join("L") + "Z";
    top.forEach((value, i) => { base[i] = value; });
    return path;
  });
}

function draw_axes(chart, box, width, X, Y) {
  const out = [];
  const bottom = chart_height - margin.bottom;
  const levels = chart.logarithmic ? decades(box.y0, box.y1) : ticks(box.y0, box.y1, 4);
  for (const y of levels) {
    out.push(svg("line", { class: "grid", x1: margin.left, x2: width - margin.right, y1: Y(y), y2: Y(y) }));
    out.push(svg("text", { x: margin.left - 7, y: Y(y) + 4, "text-anchor": "end" }, chart.format ? chart.format(y) : tick_text(y, levels)));
  }
  const places = ticks(box.x0, box.x1, width < 420 ? 4 : 6);
  for (const x of places)
    out.push(svg("text", { x: X(x), y: bottom + 16, "text-anchor": "middle" }, tick_text(x, places)));
  out.push(svg("line", { class: "axis", x1: margin.left, x2: width - margin.right, y1: bottom, y2: bottom }));
  out.push(svg("text", { x: width - margin.right, y: bottom + 31, "text-anchor": "end" }, chart.x));
  for (const mark of chart.marks || [])
    out.push(svg("line", { class: "mark", x1: X(mark.x), x2: X(mark.x), y1: margin.top, y2: bottom }),
      svg("text", { x: X(mark.x) - 4, y: margin.top + 9, "text-anchor": "end" }, mark.text));
  return out;
}

function draw_series(chart, X, Y) {
  if (chart.stacked)
    return stack_paths(chart, X, Y).map((d, i) => svg("path", { d, style: `fill:${chart.series[i].colour}`, "fill-opacity": 0.75 }));
  return chart.series.flatMap(s => {
    const out = [];
    if (!s.dots || s.joined)
      out.push(svg("path", { d: line_path(s, X, Y), fill: "none", style: `stroke:${s.colour}`, "stroke-width": s.thin ? 1 : 2,
        "stroke-opacity": s.thin ? 0.55 : 1, "stroke-linejoin": "round", "stroke-linecap": "round", "stroke-dasharray": s.dashed ? "5 4" : null }));
    if (s.dots)
      for (const i of drawn_places(s.x, s.y, X))
        if (is(s.x[i]) && is(s.y[i])) out.push(svg("circle", { cx: X(s.x[i]).toFixed(1), cy: Y(s.y[i]).toFixed(1), r: s.dots, style: `fill:${s.colour}`, "fill-opacity": s.joined ? 1 : 0.6 }));
    return out;
  });
}

// The place in `xs` (rising) nearest to x.
function nearest(xs, x) {
  let [low, high] = [0, xs.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle] < x) low = middle; else high = middle;
  }
  return Math.abs(xs[high] - x) < Math.abs(xs[low] - x) ? high : high < 0 ? -1 : low;
}

function value_at(s, x, reach) {
  const i = nearest(s.x, x);
  return i < 0 || Math.abs(s.x[i] - x) > reach ? null : { x: s.x[i], y: s.y[i] };
}

function last_value(s) {
  for (let i = s.y.length - 1; i >= 0; --i) if (is(s.y[i])) return { x: s.x[i], y: s.y[i] };
  return null;
}

function shown_value(chart, s, value) { return (s.show || chart.format || short)(value.y); }
function shown_x(chart, x) { return `${chart.x} ${(chart.x_format || short)(x)}`; }

// Its figures at x, in words.
function words_at(chart, x, reach) {
  const values = chart.series.map(s => [s, value_at(s, x, reach)]).filter(([, v]) => v && is(v.y));
  return `${shown_x(chart, x)}: ` + (values.map(([s, v]) => `${s.name} ${shown_value(chart, s, v)}`).join(", ") || "nothing");
}

function chart_label(chart) {
  const ends = chart.series.map(s => [s, last_value(s)]).filter(([, v]) => v).map(([s, v]) => `${s.name} ${shown_value(chart, s, v)}`);
  return `${chart.title} by ${chart.x}; at its end ${ends.join(", ")}. Arrow keys read it${chart.open ? ", Enter opens what is there" : ""}.`;
}

function legend(chart, read) {
  return chart.series.filter(s => s.name).map(s => {
    const value = read(s);
    return el("span", null, el("i", { class: chart.stacked || s.dots && !s.joined ? "swatch" : "swatch stroke", style: `background:${s.colour}` + (s.thin ? ";opacity:0.5" : "") }), s.name,
      value ? el("b", null, shown_value(chart, s, value)) : null);
  });
}

// A chart that can be read by pointer and by keyboard, and given other data.
class Chart {
  constructor(chart, group) {
    this.unit = el("span", { class: "unit" });
    this.names = el("div", { class: "legend" });
    this.canvas = svg("svg", { height: chart_height, tabindex: 0, role: "application", "aria-roledescription": "chart" });
    this.none = el("div", { class: "none" });
    this.members = group ? groups.get(group) || groups.set(group, []).get(group) : [];
    this.members.push(this);
    this.reading = null;  // the x that is read, in whichever chart of the group
    this.title = el("span", null);
    this.help = el("span", { class: "unseen", id: `chart-${Chart.made = (Chart.made || 0) + 1}` });
    this.card = el("div", { class: "card chart" + (chart.wide ? " wide" : "") }, el("h3", null, this.title, this.unit), this.names, this.canvas, this.none, this.help);
    for (const event of ["pointermove", "pointerdown"])
      this.title.addEventListener(event, at => { if (this.chart.help) show_tip(at, el("div", null, this.chart.help)); });
    this.title.addEventListener("pointerleave", hide_tip);
    this.canvas.addEventListener("pointermove", event => this.point(event));
    this.canvas.addEventListener("pointerleave", () => { this.members.forEach(member => member.rest()); hide_tip(); });
    this.canvas.addEventListener("keydown", event => this.key(event));
    this.canvas.addEventListener("click", () => this.open());
    this.canvas.addEventListener("blur", () => this.members.forEach(member => member.rest()));
    this.update(chart);
    new ResizeObserver(() => this.draw()).observe(this.card);
  }

  update(chart) {
    this.chart = chart;
    this.box = extent(chart);
    this.title.textContent = chart.title;
    this.title.className = chart.help ? "helped" : "";
    this.help.textContent = chart.help || "";
    if (chart.help) this.canvas.setAttribute("aria-describedby", this.help.id);
    this.canvas.classList.toggle("opens", Boolean(chart.open));
    this.none.textContent = chart.none || "nothing recorded yet";
    this.none.hidden = Boolean(this.box);
    for (const part of [this.names, this.canvas]) part.style.display = this.box ? "" : "none";
    this.canvas.setAttribute("aria-label", chart_label(chart));
    this.draw();
  }

  // The series whose points the reading goes along.
  main() { return this.chart.series.reduce((a, b) => b.x.length > a.x.length ? b : a); }

  reach() { return Math.max((this.box.x1 - this.box.x0) / 40, ...this.chart.series.map(s => s.reach || 0)); }

  read(x) {
    if (!this.box || !this.X || x < this.box.x0 || x > this.box.x1) return this.rest();
    this.reading = x;
    fill(this.cross, { x1: this.X(x), x2: this.X(x) }, []).style.display = "";
    this.unit.textContent = shown_x(this.chart, x);
    this.names.replaceChildren(...legend(this.chart, s => value_at(s, x, s.joined ? this.box.x1 - this.box.x0 : this.reach())));
  }

  rest() {
    this.reading = null;
    this.unit.textContent = this.chart.unit || "";
    if (this.cross) this.cross.style.display = "none";
    if (this.box) this.names.replaceChildren(...legend(this.chart, last_value));
  }

  draw() {
    const { chart, box } = this;
    if (!box) return this.rest();
    const width = Math.max(220, this.canvas.clientWidth || this.card.clientWidth - 34);
    const inner = { width: width - margin.left - margin.right, height: chart_height - margin.top - margin.bottom };
    const X = x => margin.left + (x - box.x0) / (box.x1 - box.x0) * inner.width;
    const up = y => chart.logarithmic ? (Math.log(Math.max(y, box.y0)) - Math.log(box.y0)) / (Math.log(box.y1) - Math.log(box.y0)) : (y - box.y0) / (box.y1 - box.y0);
    const Y = y => margin.top + (1 - up(y)) * inner.height;
    this.X = X;
    this.cross = svg("line", { class: "cross", y1: margin.top, y2: chart_height - margin.bottom });
    this.canvas.replaceChildren(...draw_axes(chart, box, width, X, Y), ...draw_series(chart, X, Y), this.cross);
    if (this.reading === null) this.rest(); else this.read(this.reading);
  }

  point(event) {
    const { chart, box } = this;
    const share = (event.clientX - this.canvas.getBoundingClientRect().left - margin.left) / (this.canvas.clientWidth - margin.left - margin.right);
    const main = this.main();
    const x = main.x[nearest(main.x, box.x0 + Math.min(1, Math.max(0, share)) * (box.x1 - box.x0))];
    this.members.forEach(member => member.read(x));
    const rows = chart.series.map(s => [s, value_at(s, x, this.reach())]).filter(([s, v]) => s.name && v && is(v.y))
      .map(([s, v]) => tip_row(s.name + (Math.abs(v.x - x) > 1e-9 ? ` (${short(v.x)})` : ""), shown_value(chart, s, v)));
    show_tip(event, el("div", null, shown_x(chart, x)), rows);
  }

  open() { if (this.chart.open && this.reading !== null) this.chart.open(this.reading); }

  // Takes it out of its group.
  close() { const place = this.members.indexOf(this); if (place >= 0) this.members.splice(place, 1); }

  key(event) {
    if (event.key === "Enter") return this.open();
    if (event.key === "Escape") return this.members.forEach(member => member.rest());
    const main = this.main();
    const at = this.reading === null ? main.x.length : nearest(main.x, this.reading);
    const to = place_after(event.key, at, main.x.length, Math.max(1, Math.round(main.x.length / 10)));
    if (to === null || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.members.forEach(member => member.read(main.x[to]));
    say(words_at(this.chart, main.x[to], this.reach()));
  }
}

function make_chart(chart, group) { return new Chart(chart, group).card; }
