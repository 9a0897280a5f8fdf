// Charts in SVG, drawn anew for every width. A chart is
//   { title, unit, x: name of the x axis, series: [{ name, colour, x, y, show, dots, dashed }],
//     top, bottom, format, stacked, marks: [{ x, text }], logarithmic }
// Charts of one group share the step under the pointer.

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

function line_path(s, X, Y) {
  let out = "";
  let pen = "M";
  s.x.forEach((x, i) => {
    if (!is(x) || !is(s.y[i])) { pen = "M"; return; }
    out += pen + X(x).toFixed(1) + " " + Y(s.y[i]).toFixed(1);
    pen = "L";
  });
  return out;
}

// Areas on each other: shares that sum to one.
function stack_paths(chart, X, Y) {
  const base = chart.series[0].x.map(() => 0);
  return chart.series.map(s => {
    const top = s.y.map((y, i) => base[i] + (is(y) ? y : 0));
    const up = s.x.map((x, i) => X(x).toFixed(1) + " " + Y(top[i]).toFixed(1));
    const down = s.x.map((x, i) => X(x).toFixed(1) + " " + Y(base[i]).toFixed(1)).reverse();
    top.forEach((y, i) => { base[i] = y; });
    return "M" + up.join("L") + "L" + down.join("L") + "Z";
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
      s.x.forEach((x, i) => {
        if (is(x) && is(s.y[i])) out.push(svg("circle", { cx: X(x).toFixed(1), cy: Y(s.y[i]).toFixed(1), r: s.dots, style: `fill:${s.colour}`, "fill-opacity": s.joined ? 1 : 0.6 }));
      });
    return out;
  });
}

// The place in `xs` (rising) nearest to x.
function nearest(xs, x) {
  let best = -1;
  xs.forEach((v, i) => { if (is(v) && (best < 0 || Math.abs(v - x) < Math.abs(xs[best] - x))) best = i; });
  return best;
}

function value_at(s, x, reach) {
  const i = nearest(s.x, x);
  return i < 0 || Math.abs(s.x[i] - x) > reach ? null : { x: s.x[i], y: s.y[i] };
}

function legend(chart, read) {
  return chart.series.filter(s => s.name).map(s => {
    const value = read(s);
    return el("span", null, el("i", { class: chart.stacked || s.dots && !s.joined ? "swatch" : "swatch stroke", style: `background:${s.colour}` + (s.thin ? ";opacity:0.5" : "") }), s.name,
      value ? el("b", null, (s.show || chart.format || short)(value.y)) : null);
  });
}

function make_chart(chart, group) {
  const card = el("div", { class: "card chart" + (chart.wide ? " wide" : "") },
    el("h3", null, chart.title, el("span", { class: "unit" }, chart.unit || "")));
  const box = extent(chart);
  if (!box) {
    card.append(el("div", { class: "none" }, chart.none || "nothing recorded yet"));
    return card;
  }
  const names = el("div", { class: "legend" });
  const canvas = svg("svg", { height: chart_height, role: "img", "aria-label": `${chart.title} by ${chart.x}` });
  card.append(names, canvas);
  let X = null;
  let cross = null;
  const last = s => { for (let i = s.y.length - 1; i >= 0; --i) if (is(s.y[i])) return { x: s.x[i], y: s.y[i] }; return null; };
  const rest = () => { names.replaceChildren(...legend(chart, last)); };
  const reach = () => Math.max((box.x1 - box.x0) / 40, ...chart.series.map(s => s.reach || 0));

  const self = {
    at(x) {
      if (!X || x < box.x0 || x > box.x1) return self.rest();
      cross.setAttribute("x1", X(x)); cross.setAttribute("x2", X(x)); cross.style.display = "";
      names.replaceChildren(...legend(chart, s => value_at(s, x, s.joined ? box.x1 - box.x0 : reach())));
    },
    rest() { if (cross) cross.style.display = "none"; rest(); },
  };
  const members = group ? groups.get(group) || groups.set(group, []).get(group) : [];
  members.push(self);

  function draw() {
    const width = Math.max(220, canvas.clientWidth || card.clientWidth - 34);
    const inner = { width: width - margin.left - margin.right, height: chart_height - margin.top - margin.bottom };
    X = x => margin.left + (x - box.x0) / (box.x1 - box.x0) * inner.width;
    const up = y => chart.logarithmic ? (Math.log(Math.max(y, box.y0)) - Math.log(box.y0)) / (Math.log(box.y1) - Math.log(box.y0)) : (y - box.y0) / (box.y1 - box.y0);
    const Y = y => margin.top + (1 - up(y)) * inner.height;
    cross = svg("line", { class: "cross", y1: margin.top, y2: chart_height - margin.bottom });
    cross.style.display = "none";
    canvas.replaceChildren(...draw_axes(chart, box, width, X, Y), ...draw_series(chart, X, Y), cross);
    rest();
  }

  canvas.addEventListener("pointermove", event => {
    const left = canvas.getBoundingClientRect().left;
    const width = canvas.clientWidth;
    const share = (event.clientX - left - margin.left) / (width - margin.left - margin.right);
    const pointed = box.x0 + Math.min(1, Math.max(0, share)) * (box.x1 - box.x0);
    const main = chart.series.reduce((a, b) => b.x.length > a.x.length ? b : a);
    const x = main.x[nearest(main.x, pointed)];
    members.forEach(member => member.at(x));
    const rows = chart.series.map(s => [s, value_at(s, x, reach())]).filter(([s, v]) => s.name && v && is(v.y))
      .map(([s, v]) => tip_row(s.name + (Math.abs(v.x - x) > 1e-9 ? ` (${short(v.x)})` : ""), (s.show || chart.format || short)(v.y)));
    show_tip(event, el("div", null, `${chart.x} ${chart.x_format ? chart.x_format(x) : short(x)}`), rows);
  });
  canvas.addEventListener("pointerleave", () => { members.forEach(member => member.rest()); hide_tip(); });
  new ResizeObserver(draw).observe(card);
  draw();
  return card;
}
