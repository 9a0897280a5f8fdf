// Events: what happened, newest first, under filters; what is new is told and waits until it is asked
// for, unless one is at the top of the list.

const event_kinds = ["exit", "alarm", "alarm_over", "swap_failed", "swap", "checkpoint", "evaluation", "stage", "run", "summary", "log", "step"];
const event_columns = [{ name: "time" }, { name: "kind" }, { name: "of" }, { name: "what" }];

function event_cells(event) {
  const tone = { error: " bad", warning: " warn" }[event.level] || "";
  return [cell("side", clock(event.time)), cell("kind" + tone, event_word(event.kind)), cell("what", string(event.actor)), cell("what", string(event.text))];
}

function event_detail(event) {
  const data = object(event.data);
  const { log, examples, ...rest } = data;
  return el("div", { class: "card detail" }, el("h2", null, event_word(event.kind)),
    facts([["time", clock(event.time)], ["of the run", is(event.seconds) ? `after ${duration(event.seconds)}` : null], ["level", string(event.level)], ["actor", event.actor ? el("a", { href: link_to("actors", event.actor) }, event.actor) : null]]),
    el("p", { class: "said" }, string(event.text)),
    string(data.look) ? el("p", { class: "look" }, el("b", null, "Look at"), " ", data.look) : null,
    event.kind === "step" && is(data.version) ? el("p", null, el("a", { href: link_to("batches", data.version - 1) }, "its batch")) : null,
    array(log).length ? [el("h3", null, "Last log lines"), el("pre", { class: "mono log" }, log.map(string).join("\n"))] : null,
    el("details", null, el("summary", null, "as it was written"), el("pre", { class: "mono log" }, JSON.stringify(rest, null, 2))));
}

class EventsView {
  constructor(place) {
    Object.assign(this, { listed: new Latest(), fresh: 0, pace: new Pace(400, () => this.tell_news()) });
    this.pages = new Pages(async after => {
      const answer = await this.listed.ask("events", { kind: filter("kind"), level: filter("level"), actor: filter("actor"), text: filter("text"), after, limit: 200 });
      return { items: answer.events, next: answer.next };
    }, () => this.draw());
    this.list = new List({ label: "Events", columns: event_columns, row: event_cells, choose: event => this.show(event), open: event => this.show(event), near_end: () => this.pages.more(), empty: "no event matches",
      row_height: () => innerWidth < 800 ? 54 : 34 });
    this.list.element.classList.add("events");
    this.detail = el("div", { class: "panel" });
    this.note = el("div", null);
    this.news = el("button", { type: "button", class: "news", hidden: true, onclick: () => this.again() });
    this.count = el("span", { class: "matches", role: "status" });
    place.append(el("h1", null, "Events"), this.filters(), this.note, this.news, el("div", { class: "viewer wide-list" }, this.list.element, this.detail));
    this.again();
  }

  again() {
    Object.assign(this, { fresh: 0 });
    this.news.hidden = true;
    this.list.place.scrollTop = 0;
    return this.pages.again();
  }

  filters() {
    const changed = name => value => { set_filters({ [name]: value }); this.again(); };
    const chosen = () => new Set(filter("kind").split(",").filter(Boolean));
    const kind = name => tick_box(event_word(name), chosen().has(name), on => {
      const now = chosen();
      if (on) now.add(name); else now.delete(name);
      changed("kind")(event_kinds.filter(k => now.has(k)).join(","));
    });
    return el("div", { class: "filters", role: "search", "aria-label": "Events" }, entry("text", "search", filter("text"), changed("text")),
      choice("level", [["", "any"], ["warning", "warnings and errors"], ["error", "errors"]], filter("level"), changed("level")), shows_cluster() ? null : entry("actor", "search", filter("actor"), changed("actor")),
      shows_cluster() ? null : el("fieldset", { class: "kinds" }, el("legend", null, "kinds (none ticked: all but steps)"), event_kinds.map(kind)), this.count);
  }

  draw() {
    const { pages } = this;
    this.count.textContent = pages.failure ? "" : `${pages.text} shown`;
    put_into(this.note, pages.failure ? failure_note(pages.failure) : null);
    const chosen = this.chosen && pages.items.findIndex(event => event.id === this.chosen.id);
    this.list.show(pages.rows, place => pages.items[place]);
    this.list.select(this.chosen ? chosen : pages.items.length ? 0 : -1, { scroll: false, tell: !this.chosen });
    if (!pages.items.length) put_into(this.detail);
  }

  show(event) {
    this.chosen = event;
    put_into(this.detail, event_detail(event));
  }

  // The log of a head says what becomes of its jobs and nodes.
  wanted(kind) {
    if (shows_cluster()) return kind === "jobs" || kind === "nodes";
    const kinds = filter("kind").split(",").filter(Boolean);
    return kinds.length ? kinds.includes(kind) : event_kinds.includes(kind) && kind !== "step";
  }

  hear(kind) {
    if (!this.wanted(kind)) return;
    ++this.fresh;
    this.pace.ask();
  }

  tell_news() {
    const resting = this.list.place.scrollTop === 0 && !this.detail.matches(":focus-within, :hover") && this.list.chosen <= 0;
    if (resting) { this.chosen = null; return this.again(); }
    this.news.hidden = false;
    this.news.textContent = `${plural(this.fresh, "newer event")}: show`;
    return null;
  }

  close() { this.pace.close(); this.pages.close(); this.listed.close(); }
}
