// Metrics: every figure there are values of, those whose names match a regular expression drawn.

const metrics_at_once = 24;

class MetricsView {
  constructor(place) {
    Object.assign(this, { charts: [], known: [], most: metrics_at_once });
    this.curves = new Curves([], () => this.update());
    this.note = el("div", null);
    this.names = el("div", { class: "card" });
    this.space = el("div", { class: "charts" });
    this.more = el("button", { type: "button", class: "news", hidden: true, onclick: () => { this.most += metrics_at_once; this.choose(); } });
    this.count = el("span", { class: "matches", role: "status" });
    this.input = entry("names that match", "search", filter("names"), value => { set_filters({ names: value }); this.most = metrics_at_once; this.choose(); }, { placeholder: "regular expression", spellcheck: "false" });
    place.append(el("h1", null, "Metrics"), el("p", { class: "about" }, "Point at a title, or read the table below, for how a figure is computed."),
      el("div", { class: "filters", role: "search", "aria-label": "Metrics" }, this.input, this.count), this.note, el("h2", { class: "unseen" }, "Curves"), this.space, this.more, el("h2", null, "How they are computed"), this.names);
    this.loading = new Pace(0, () => this.load());
    this.loading.ask();
  }

  async load() {
    try {
      this.known = await this.curves.load();
      await this.choose();
    } catch (error) {
      put_into(this.note, failure_note(error));
      throw error;
    }
  }

  async choose() {
    let wanted = null;
    try { wanted = new RegExp(filter("names"), "i"); } catch (error) {
      return put_into(this.note, el("p", { class: "note", role: "alert" }, `That is not a regular expression: ${error.message}`));
    }
    const found = this.known.filter(m => wanted.test(m.name));
    this.shown = found.slice(0, this.most);
    put_into(this.note);
    this.count.textContent = `${whole(found.length)} of ${whole(this.known.length)}`;
    this.more.hidden = found.length <= this.most;
    this.more.textContent = `${plural(found.length - this.most, "more metric")} that match: draw`;
    put_into(this.names, table([{ name: "metric", of: m => el("code", null, m.name) }, { name: "unit", of: m => string(m.unit) }, { name: "last", number: true, of: m => is(m.last) ? show_value(m.unit)(m.last) : dash },
      { name: "what it is and how it is computed", of: m => string(m.help) }], found, { label: "Metrics" }));
    this.close_charts();
    this.curves.names = this.shown.map(m => m.name);
    try { await this.curves.load(); } catch (error) { return put_into(this.note, failure_note(error)); }
    return this.draw();
  }

  chart(metric) { return curve_chart(metric_title(metric.name), this.curves, [metric.name], metric.axis === "seconds" ? { series: { dots: 2.2 } } : {}); }

  draw() {
    this.close_charts();
    this.charts = this.shown.map(m => { const chart = this.chart(m); return new Chart(chart, `metrics-${chart.x}`); });
    put_into(this.space, this.charts.map(c => c.card));
  }

  // Where there are metrics that there were not, they are looked for anew.
  update() {
    if (this.charts.length && this.curves.help.size > this.known.length) {
      this.known = [...this.curves.help.values()];
      return this.choose();
    }
    return this.update_charts();
  }

  update_charts() { if (this.charts.length === array(this.shown).length) this.charts.forEach((chart, i) => chart.update(this.chart(this.shown[i]))); }

  hear(kind) { this.curves.hear(kind); }

  close_charts() { this.charts.forEach(chart => chart.close()); this.charts = []; }

  close() { this.loading.close(); this.close_charts(); this.curves.close(); }
}
