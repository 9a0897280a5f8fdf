// Curves of the run that grow: fetched once, then only what is new.

const curve_points = 1000;
const late = 200;  // steps by which a value (of an evaluation) may come late

class Curves {
  // changed() is told when there are new values.
  constructor(names, changed) {
    Object.assign(this, { names, changed, series: new Map(), help: new Map(), asking: new Latest(), dirty: false });
    this.timer = setInterval(() => { if (this.dirty && !document.hidden) this.grow().catch(error => { if (error.name !== "AbortError") console.warn(error.message); }); }, 1500);
  }

  // What there is to draw: [{ name, unit, help, axis, points, last }].
  async load() {
    const answer = await this.fetch(this.names);
    this.series = new Map();
    this.take(answer);
    return answer.metrics;
  }

  fetch(names, from = undefined) { return this.asking.ask("metrics", { names: names.join(","), points: curve_points, from }); }

  take(answer) {
    for (const metric of array(answer.metrics)) this.help.set(metric.name, metric);
    for (const part of array(answer.series)) {
      const key = `${part.name} ${part.label}`;
      const known = this.series.get(key) || { name: part.name, label: part.label, axis: part.axis, x: [], y: [] };
      const end = known.x.length ? known.x[known.x.length - 1] : -Infinity;
      part.x.forEach((x, i) => {
        if (x > end) { known.x.push(x); known.y.push(part.y[i] === null ? NaN : part.y[i]); }
      });
      this.series.set(key, known);
    }
    this.changed();
  }

  hear(kind) {
    if (kind === "run") return this.load().catch(() => {});
    if (["step", "evaluation", "swap", "checkpoint", "summary"].includes(kind)) this.dirty = true;
    return null;
  }

  async grow() {
    this.dirty = false;
    const all = [...this.series.values()];
    const seen = all.reduce((sum, s) => sum + s.x.length, 0);
    if (!all.length || seen > 4 * curve_points * all.length) return this.load();
    for (const axis of new Set(all.map(s => s.axis))) {
      const those = all.filter(s => s.axis === axis);
      const from = Math.max(...those.map(s => s.x.length ? s.x[s.x.length - 1] : 0)) - (axis === "step" ? late : 30);
      const names = [...new Set(those.map(s => s.name))];
      this.take(await this.fetch(names, from));
    }
    // Of some there was nothing before.
    const missing = this.names.filter(name => !all.some(s => s.name === name));
    if (missing.length) this.take(await this.fetch(missing));
    return null;
  }

  of(names) { return [...this.series.values()].filter(s => names.includes(s.name)); }

  close() { clearInterval(this.timer); this.asking.close(); }
}

function metric_title(name) { return prose(name).replace(/^heldout/, "held-out"); }

function show_value(unit) {
  if (unit === "share") return v => percent(v, v !== 0 && Math.abs(v) < 0.1 ? 1 : 0);
  if (unit === "s") return duration;
  if (unit === "µs") return micros;
  if (unit === "bytes") return bytes;
  return short;
}

// A chart of the series of some metrics, in which a step of reinforcement leads to its batch.
function curve_chart(title, curves, names, more = {}) {
  const metric = object(curves.help.get(names[0]));
  const found = curves.of(names);
  const several = new Set(found.map(s => s.name)).size > 1;
  const by_step = metric.axis !== "seconds";
  const warm = names[0].startsWith("warm_start");
  return {
    title, unit: string(metric.unit), x: by_step ? warm ? "warm-start step" : "step" : "seconds", x_format: by_step ? whole : v => fixed(v, 1),
    format: metric.unit === "share" ? v => percent(v, v !== 0 && Math.abs(v) < 0.1 ? 1 : 0) : undefined, bottom: metric.unit === "share" || more.positive ? 0 : undefined,
    help: names.map(name => object(curves.help.get(name)).help).filter(Boolean).map((text, i) => several ? `${names[i]}: ${text}` : text).join("\n"),
    none: "nothing recorded yet", open: by_step && !warm ? step => go("batches", Math.max(0, Math.round(step) - 1)) : undefined,
    series: found.map((s, i) => ({ name: [several ? metric_title(s.name) : "", prose(s.label)].filter(Boolean).join(", ") || metric_title(s.name), colour: `var(--c${i % 6 + 1})`, x: s.x, y: s.y, show: show_value(metric.unit), reach: s.x.length < 40 ? 20 : 0, dots: s.x.length === 1 ? 3.5 : undefined, ...more.series })),
    ...more.chart,
  };
}
