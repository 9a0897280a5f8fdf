// What one step trained on, and what was left out and why.

function batch_facts(batch) {
  const event = object(batch.event);
  return facts([
    ["state", string(batch.state)], ["trains", `version ${whole(batch.step)} into ${whole(batch.step + 1)}`], ["rollouts seen", whole(batch.rollouts_seen)],
    ["groups kept", whole(array(batch.groups).length)], ["groups without contrast, dropped", whole(batch.groups_without_contrast)], ["rollouts too stale, dropped", whole(batch.rollouts_stale)],
    ["rollouts without a verdict", whole(batch.rollouts_no_verdict)], ["mean score", fixed(batch.mean_score, 3)], ["right", percent(batch.mean_correct, 1)], ["mean tokens", fixed(batch.mean_tokens, 1)],
    ["cut off at the length limit", percent(batch.truncated_share, 1)], ["loss", is(event.loss) ? short(event.loss) : null], ["entropy", is(event.entropy) ? short(event.entropy) : null],
    ["log-prob gap", is(event.log_prob_gap_max) ? event.log_prob_gap_max === 0 ? "0, bit for bit" : short(event.log_prob_gap_max) : null],
    ["hash", el("code", null, string(batch.hash))], ["fingerprint that came of it", batch.fingerprint ? el("code", null, batch.fingerprint) : null]]);
}

const chips_most = 12;

function score_chips(group) {
  const rollouts = array(group.rollouts);
  const scores = rollouts.map(r => r.score).filter(is);
  const mean = scores.reduce((sum, s) => sum + s, 0) / scores.length;
  return [el("span", { class: "narrow" }, `mean ${fixed(mean, 2)} of ${whole(rollouts.length)}`), el("span", { class: "chips" }, rollouts.slice(0, chips_most).map(r => el("a", { class: "chip" + (r.no_verdict ? "" : r.score > 0.5 ? " high" : " low"), href: link_to("rollouts", r.id, { group: group.group }),
    tabindex: -1, "aria-label": `rollout ${r.id}` }, r.no_verdict ? "?" : is(r.score) ? fixed(r.score, 2) : dash)), rollouts.length > chips_most ? `+${rollouts.length - chips_most}` : null)];
}

class BatchView {
  constructor(place, which) {
    this.step = Math.max(0, Math.round(Number(which)) || 0);
    this.asking = new Latest();
    this.body = el("div", null);
    const to = (step, text) => step < 0 ? null : el("a", { href: link_to("batches", step) }, text);
    place.append(el("p", { class: "back" }, el("a", { href: link_to("now") }, "← now"), to(this.step - 1, "← step before"), to(this.step + 1, "step after →")),
      el("h1", null, `Batch of step ${whole(this.step + 1)}`), this.body);
    this.loading = new Pace(0, () => this.load());
    this.loading.ask();
  }

  async load() {
    try { this.draw(await this.asking.ask(`batches/${this.step}`)); } catch (error) {
      put_into(this.body, failure_note(error));
      throw error;
    }
  }

  draw(batch) {
    const groups = array(batch.groups);
    const list = new List({ label: "Groups of this batch; Enter opens the first completion", columns: [{ name: "group", number: true }, { name: "prompt" }, { name: "gold" }, { name: "scores" }],
      row: g => [cell("number", whole(g.group)), cell("what mono", string(g.prompt)), cell("what", string(g.answer)), cell("what", score_chips(g))],
      open: g => go("rollouts", object(array(g.rollouts)[0]).id, { group: g.group }), empty: "nothing was kept" });
    list.element.classList.add("groups");
    const dropped = first_few(array(batch.dropped), 200, "dropped groups");
    put_into(this.body, [el("div", { class: "card" }, batch_facts(batch)), el("h2", null, "Groups it trained on"), list.element,
      el("h2", null, "What was left out"), !dropped.shown.length ? el("p", { class: "note" }, "Nothing.") : [dropped.note, el("div", { class: "card" }, table([
        { name: "group", of: d => el("a", { href: link_to("rollouts", "", { group: d.group }) }, whole(d.group)) }, { name: "why", of: d => string(d.reason) }], dropped.shown, { label: "Dropped groups" }))]]);
    list.show(groups.length, place => groups[place]);
  }

  hear() {}

  close() { this.loading.close(); this.asking.close(); }
}
