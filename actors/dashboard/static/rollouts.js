// Rollouts: a list under filters, one of them whole, and its group.

const rollout_columns = [{ name: "rollout" }, { name: "score", number: true }, { name: "tokens", number: true }, { name: "versions", number: true }, { name: "state" }];
const rollout_filters = ["step", "group", "state", "finish", "min_score", "max_score", "min_tokens", "max_tokens", "version", "spanning", "component", "no_verdict", "unjudged", "text"];

function row_versions(row) { return row.tokens ? row.oldest === row.newest ? `${row.newest}` : `${row.oldest}→${row.newest}` : dash; }

function rollout_cells(row) {
  return [cell("what", whole(row.id)), cell("number", row.no_verdict ? "?" : is(row.score) ? fixed(row.score, 2) : dash), cell("number", whole(row.tokens)), cell("number", row_versions(row)),
    cell("side", `${string(row.state)}${is(row.step) ? ` · step ${row.step + 1}` : ""}`)];
}

// As the shared viewer takes it.
function as_rollout(answer) {
  const scores = array(answer.siblings).map(s => s.score).filter(is);
  const mean = scores.reduce((sum, s) => sum + s, 0) / scores.length;
  return { ...answer, tokens: answer.token_ids, texts: array(answer.texts).length ? answer.texts : null, length: array(answer.token_ids).length,
    advantage_note: "the score less the mean of its group", advantage: is(answer.score) && scores.length > 1 ? answer.score - mean : undefined,
    spans: array(answer.spans).map(s => ({ ...s, fresh: s.fresh_cache })) };
}

function api_filters() {
  const all = Object.fromEntries(rollout_filters.map(name => [name, filter(name)]));
  if (is(parseFloat(all.step))) all.step = parseFloat(all.step) - 1;
  if (all.unjudged && !all.no_verdict) all.no_verdict = true;
  delete all.unjudged;
  return all;
}

class RolloutsView {
  constructor(place, which) {
    Object.assign(this, { one: new Latest(), listed: new Latest(), which });
    this.pages = new Pages(async after => {
      const answer = await this.listed.ask("rollouts", { ...api_filters(), after, limit: 200 });
      this.answer = answer;
      this.scanned = (after ? this.scanned : 0) + answer.scanned;
      return { items: answer.rollouts, next: answer.next };
    }, () => this.draw());
    this.list = new List({ label: "Rollouts", columns: rollout_columns, row: rollout_cells, choose: row => this.show(row.id), open: row => this.show(row.id), near_end: () => this.pages.more(), empty: "no rollout matches" });
    this.list.element.classList.add("rollouts");
    this.detail = el("div", { class: "panel" }, el("p", { class: "note" }, "Choose a rollout to read it."));
    this.note = el("div", null);
    this.count = el("span", { class: "matches", role: "status" });
    place.append(el("h1", null, "Rollouts"), this.filters(), this.note, el("div", { class: "viewer" }, this.list.element, this.detail));
    this.pages.again();
    if (which) this.show(which);
  }

  filters() {
    const changed = name => value => { this.narrow({ [name]: value }); this.pages.again(); };
    const number = (label, name, more) => entry(label, "number", filter(name), changed(name), { min: 0, ...more });
    const score = { step: 0.1 };
    return el("div", { class: "filters", role: "search", "aria-label": "Rollouts" },
      number("step", "step", { min: 1 }), number("group", "group"),
      choice("state", [["", "any"], ["waiting", "waiting"], ["leased", "being written"], ["finished", "finished"], ["judged", "judged"], ["sealed", "sealed"], ["trained", "trained"], ["dropped", "dropped"]], filter("state"), changed("state")),
      entry("text", "search", filter("text"), changed("text")), tick_box("span several versions", filter("spanning") === "true", on => changed("spanning")(on ? "true" : "")),
      el("details", { class: "more", open: ["finish", "min_score", "max_score", "min_tokens", "max_tokens", "version", "component", "no_verdict", "unjudged"].some(name => filter(name)) }, el("summary", null, "more filters"),
        el("div", { class: "filters" }, choice("ended by", [["", "any"], ["stop", "stop"], ["length", "the length limit"], ["running", "not yet"]], filter("finish"), changed("finish")),
          el("fieldset", null, el("legend", null, "score"), number("from", "min_score", score), number("to", "max_score", score)),
          el("fieldset", null, el("legend", null, "tokens"), number("from", "min_tokens"), number("to", "max_tokens")),
          number("has version", "version"), entry("scored by component", "search", filter("component"), changed("component")),
          tick_box("without a verdict", filter("unjudged") === "true", on => changed("unjudged")(on ? "true" : "")),
          entry("no verdict because", "search", filter("no_verdict"), changed("no_verdict")))), el("button", { type: "button", onclick: () => this.pages.again() }, "look again"), this.count);
  }

  narrow(changes) {
    set_filters(changes);
    this.under = route.filters.toString();
  }

  draw() {
    const { pages } = this;
    const answer = object(this.answer);
    const looked = this.scanned > pages.items.length ? ` of ${whole(this.scanned)} looked at` : "";
    this.count.textContent = pages.failure ? "" : `${pages.text}${looked}`;
    put_into(this.note, pages.failure ? failure_note(pages.failure) : answer.note && !pages.items.length ? el("p", { class: "note" }, answer.note) : null);
    this.list.show(pages.rows, place => pages.items[place]);
    const chosen = pages.items.findIndex(row => String(row.id) === String(this.which));
    if (chosen >= 0 && this.list.chosen !== chosen) this.list.select(chosen);
    else if (!this.which && pages.items.length) this.list.select(0, { tell: true });
  }

  async show(id) {
    this.which = route.which = String(id);
    this.narrow({});
    try {
      const answer = await this.one.ask(`rollouts/${id}`);
      this.rollout = as_rollout(answer);
      this.draw_one();
    } catch (error) {
      const note = failure_note(error);
      if (note) put_into(this.detail, note);
    }
  }

  draw_one() {
    const rollout = this.rollout;
    const recolour = mode => { this.narrow({ by: mode === "version" ? "" : mode }); this.draw_one(); this.detail.querySelector("select").focus(); };
    put_into(this.detail, rollout_detail(rollout, filter("by") || "version", recolour, "h2"), this.group());
  }

  group() {
    const { siblings, group, id, step } = this.rollout;
    const texts = el("div", { class: "side-by-side" });
    const compare = el("button", { type: "button", onclick: () => this.compare(texts) }, "texts side by side");
    const rows = array(siblings);
    return el("div", { class: "card below" }, el("div", { class: "head" }, el("h3", null, `Group ${whole(group)}`), rows.length > 1 ? compare : null),
      el("p", { class: "about" }, "All completions of this prompt. ", is(step) ? el("a", { href: link_to("batches", step) }, `The batch of step ${whole(step + 1)}`) : "Not in a batch yet."),
      table([{ name: "sample", of: r => r.id === id ? el("b", { "aria-current": "true" }, whole(r.sample)) : el("a", { href: link_to("rollouts", r.id, Object.fromEntries(route.filters)) }, whole(r.sample)) },
        { name: "score", number: true, of: r => is(r.score) ? fixed(r.score, 2) : dash }, { name: "tokens", number: true, of: r => whole(r.tokens) }, { name: "versions", number: true, of: row_versions },
        { name: "ended by", of: r => ({ length: "length limit", running: "nothing yet" })[r.finish] || prose(r.finish) }, { name: "state", of: r => r.no_verdict ? `${r.state}; no verdict: ${r.no_verdict}` : string(r.state) }],
      rows, { row_class: r => r.id === id ? "strong" : null, label: "Group" }), texts);
  }

  async compare(place) {
    put_into(place, el("p", { class: "note" }, "…"));
    const all = first_few(array(this.rollout.siblings), 16, "completions");
    const answers = await Promise.all(all.shown.map(r => ask(`rollouts/${r.id}`).then(as_rollout).catch(() => null)));
    const mode = filter("by") || "version";
    put_into(place, [all.note, answers.filter(Boolean).map(r => el("div", { class: "one" },
      el("h4", null, verdict_mark(r), `sample ${whole(r.sample)}, ${is(r.score) ? "score " + fixed(r.score, 2) : "no score"}`), completion(r, overlays[mode] ? mode : "version")))]);
  }

  // Another rollout under the same filters is shown without drawing the list anew.
  follow() {
    if (route.view !== "rollouts" || !route.which || route.filters.toString() !== this.under) return false;
    this.show(route.which);
    this.draw();
    return true;
  }

  hear() {}

  close() { this.pages.close(); this.one.close(); this.listed.close(); }
}
