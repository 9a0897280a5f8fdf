// The timeline: lanes of spans in a stretch of time that can be moved and zoomed, and in words what
// took how long in it.

const lane_height = 26;
const lanes_most = 40;
const span_colours = { wait: "var(--line)", train: "var(--c1)", checkpoint: "var(--c6)", mark: "var(--c3)", work: "var(--c4)", death: "var(--bad)" };

function span_colour(span) { return span.kind === "version" ? version_colours[span.version % version_colours.length] : span_colours[span.kind]; }

class TimelineView {
  constructor(place) {
    Object.assign(this, { lanes: new Lanes(), asking: new Latest(), asking_activities: new Latest(), asking_news: new Latest(), activities_after: undefined, after: "", following: !filter("to") });
    this.pace = new Pace(200, () => { if (this.following && this.from !== undefined) this.follow(); else this.draw(); });
    this.news = new Pace(2000, async () => { await this.load_activities(true); this.draw(); });
    this.loading = new Pace(0, () => this.load());
    this.canvas = svg("svg", { tabindex: 0, role: "application", "aria-roledescription": "timeline", class: "timeline" });
    this.note = el("div", null);
    this.words = el("div", { class: "card" });
    this.range = el("span", { class: "matches", role: "status" });
    this.earlier = el("button", { type: "button", onclick: () => this.loading.ask() }, "load what was earlier");
    const button = (text, label, act) => el("button", { type: "button", "aria-label": label, onclick: act }, text);
    place.append(el("h1", null, "Timeline"), el("p", { class: "about" }, "What the trainer did, with which weight version each generator wrote, who waited for what, checkpoints, evaluations, deaths; below, some rollouts. Drag, or arrow keys, to move; buttons, or + and −, to zoom."),
      el("div", { class: "filters" }, button("−", "Zoom out", () => this.zoom(2)), button("+", "Zoom in", () => this.zoom(0.5)), button("←", "Earlier", () => this.move(-0.5)), button("→", "Later", () => this.move(0.5)),
        button("all", "All of it", () => this.set(this.lanes.begin, this.lanes.end, false)), this.follow_button = button("follow", "Follow the run", () => this.follow()),
        entry("actors that contain", "search", filter("lane"), value => { set_filters({ lane: value }); this.draw(); }), this.range, this.earlier),
      this.note, el("div", { class: "card" }, this.canvas, this.legend()), el("h2", null, "What took how long"), this.words);
    this.listen();
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    this.loading.ask();
  }

  legend() {
    return el("div", { class: "legend" }, [["train", "trains"], ["wait", "waits"], ["work", "does what it says"], ["checkpoint", "checkpoint"], ["mark", "evaluation"], ["death", "death"]].map(([kind, name]) => swatch(span_colours[kind], name)),
      el("span", null, version_colours.map(colour => el("i", { class: "swatch", style: `background:${colour}` })), "weight versions, in turn"));
  }

  listen() {
    const at = event => (event.clientX - this.canvas.getBoundingClientRect().left - this.left) / this.width;
    let drag = null;
    this.canvas.addEventListener("pointerdown", event => { drag = { x: event.clientX, from: this.from, to: this.to }; this.canvas.setPointerCapture(event.pointerId); });
    this.canvas.addEventListener("pointerup", () => { drag = null; });
    this.canvas.addEventListener("pointermove", event => {
      if (!drag) return this.point(event);
      const shift = (drag.x - event.clientX) / this.width * (drag.to - drag.from);
      if (Math.abs(drag.x - event.clientX) > 3) this.set(drag.from + shift, drag.to + shift, false);
      return null;
    });
    this.canvas.addEventListener("pointerleave", hide_tip);
    this.canvas.addEventListener("wheel", event => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      this.zoom(event.deltaY > 0 ? 1.25 : 0.8, at(event));
    }, { passive: false });
    this.canvas.addEventListener("keydown", event => {
      const acts = { ArrowLeft: () => this.move(-0.2), ArrowRight: () => this.move(0.2), "+": () => this.zoom(0.5), "=": () => this.zoom(0.5), "-": () => this.zoom(2), End: () => this.follow(), Home: () => this.set(this.lanes.begin, this.lanes.begin + this.to - this.from, false) };
      if (!acts[event.key] || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      acts[event.key]();
      say(this.range.textContent);
    });
  }

  async load() {
    try {
      const { events, next } = this.after === null ? { events: [], next: null } : await this.asking.ask("events", { kind: span_kinds.join(","), limit: 1000, after: this.after });
      this.after = next;
      this.lanes.take(events.map(event => ({ event: event.kind, ...object(event.data), seconds: first_of(object(event.data).seconds, event.seconds), wall_ms: Date.parse(event.time) })));
      await this.load_activities();
      this.earlier.hidden = next === null && this.activities_after === null;
      if (this.from === undefined) this.first_range();
      this.draw();
    } catch (error) {
      put_into(this.note, failure_note(error));
      throw error;
    }
  }

  // The page before those that are known, the newest at first.
  async load_activities(again = false) {
    if (this.activities_after === null && !again) return;
    const { spans, next } = await (again ? this.asking_news : this.asking_activities).ask("spans", { after: again ? undefined : this.activities_after });
    if (!again) this.activities_after = next;
    this.lanes.take_activities(spans);
  }

  first_range() {
    const [from, to] = [parseFloat(filter("from")), parseFloat(filter("to"))];
    if (is(from) && is(to) && to > from) Object.assign(this, { from, to });
    else if (watched.live) Object.assign(this, { from: this.lanes.end - 30, to: this.lanes.end });
    else Object.assign(this, { from: Math.min(this.lanes.begin, this.lanes.end - 1), to: this.lanes.end });
  }

  set(from, to, following) {
    if (!is(from) || !is(to)) return;
    const span = Math.max(0.01, to - from);
    Object.assign(this, { from, to: from + span, following });
    set_filters(following ? { from: "", to: "" } : { from: from.toFixed(2), to: (from + span).toFixed(2) });
    this.draw();
  }

  zoom(factor, at = 0.5) {
    const middle = this.from + at * (this.to - this.from);
    this.set(middle - at * (this.to - this.from) * factor, middle + (1 - at) * (this.to - this.from) * factor, this.following && at === 0.5);
    if (this.following) this.follow();
  }

  move(share) { const by = share * (this.to - this.from); this.set(this.from + by, this.to + by, false); }

  follow() { this.set(this.lanes.end - (this.to - this.from), this.lanes.end, true); }

  draw() {
    if (this.from === undefined) return;
    const wanted = filter("lane");
    const { shown, note } = first_few(this.lanes.list.filter(lane => lane.name.includes(wanted)), lanes_most, "lanes");
    put_into(this.note, this.lanes.lanes.size ? note : el("p", { class: "note" }, "Nothing has been recorded yet."));
    this.left = Math.min(150, Math.max(92, this.canvas.clientWidth * 0.16));
    this.width = Math.max(100, this.canvas.clientWidth - this.left - 26);
    const X = seconds => this.left + Math.min(1, Math.max(0, (seconds - this.from) / (this.to - this.from))) * this.width;
    const height = shown.length * lane_height;
    this.canvas.setAttribute("height", height + 26);
    this.shown = shown;
    const places = ticks(this.from, this.to, this.width < 420 ? 3 : 7).filter(x => x >= this.from && x <= this.to);
    this.canvas.replaceChildren(...places.flatMap(x => [svg("line", { class: "grid", x1: X(x), x2: X(x), y1: 0, y2: height }), svg("text", { x: X(x), y: height + 17, "text-anchor": "middle" }, `${tick_text(x, places)} s`)]),
      ...shown.flatMap((lane, row) => [svg("text", { class: "lane", x: 0, y: row * lane_height + 17 }, lane.name.length > this.left / 7 ? lane.name.slice(0, this.left / 7 - 1) + "…" : lane.name),
        ...drawn_spans(this.lanes.between(lane, this.from, this.to), X).map(({ span, x, width }) => svg("rect", { x: x.toFixed(1), y: row * lane_height + 4, width: Math.max(width, span.kind === "mark" || span.kind === "death" ? 4 : 1).toFixed(1), height: lane_height - 8, rx: width > 5 ? 2 : 0, style: `fill:${span_colour(span)}` }))]));
    this.range.textContent = `${fixed(this.from, 1)} to ${fixed(this.to, 1)} s`;
    this.follow_button.hidden = !watched.live;
    this.follow_button.setAttribute("aria-pressed", String(this.following));
    this.canvas.setAttribute("aria-label", `${plural(shown.length, "lane")}, ${this.range.textContent}. What took how long is told below.`);
    this.draw_words();
  }

  draw_words() {
    const span = this.to - this.from;
    const share = seconds => seconds > 0 ? `${duration(seconds)}, ${percent(seconds / span)}` : dash;
    const spent = first_few(time_spent(this.lanes, this.from, this.to).filter(row => row.name.includes(filter("lane"))), lanes_most, "actors");
    put_into(this.words, table([{ name: "actor", of: r => el("a", { href: link_to("actors", r.name) }, r.name) }, { name: "trained", number: true, of: r => share(r.trained) }, { name: "waited for a batch", number: true, of: r => share(r.waited) },
      { name: "swaps", number: true, of: r => r.kind === "generator" ? whole(r.swaps) : dash }, { name: "longest stall", number: true, of: r => micros(r.stall_us) }], spent.shown, { label: "What took how long" }), spent.note);
  }

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    const lane = this.shown && this.shown[Math.floor((event.clientY - box.top) / lane_height)];
    const seconds = this.from + (event.clientX - box.left - this.left) / this.width * (this.to - this.from);
    const reach = 3 / this.width * (this.to - this.from);
    const found = lane && this.lanes.between(lane, seconds - reach, seconds + reach).pop();
    if (!found) return hide_tip();
    return show_tip(event, el("div", null, lane.name), el("div", null, found.what), tip_row("from", `${fixed(found.from, 2)} s`), found.to > found.from ? tip_row("for", found.to - found.from < 1 ? micros(1e6 * (found.to - found.from)) : duration(found.to - found.from)) : null,
      is(found.stall_us) ? tip_row("swap stood still for", micros(found.stall_us)) : null);
  }

  hear(kind, data) {
    if (!span_kinds.includes(kind)) return;
    this.lanes.take([{ event: kind, ...data }]);
    this.pace.ask();
    this.news.ask();
  }

  close() { this.pace.close(); this.news.close(); this.asking_activities.close(); this.asking_news.close(); this.loading.close(); this.asking.close(); }
}
