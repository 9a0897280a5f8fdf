// One actor: what it does and waits for, its neighbours, its lives and how they ended, its last words.

const history_size = 240;  // of its figures, while the page is open

// Figures of each actor since the page was opened.
class Histories {
  constructor() { this.by_name = new Map(); }

  take(actors) {
    const now = Date.now() / 1000;
    for (const actor of actors) {
      const kept = this.by_name.get(actor.name) || { time: [], busy: [], mailbox: [], rate: [] };
      for (const [key, value] of [["time", now], ["busy", actor.busy], ["mailbox", actor.mailbox], ["rate", actor.tokens_per_s ?? NaN]]) {
        kept[key].push(value);
        if (kept[key].length > history_size) kept[key].shift();
      }
      this.by_name.set(actor.name, kept);
    }
  }

  // A chart of one figure over the seconds before now.
  chart(name, title, key, more) {
    const kept = this.by_name.get(name) || { time: [], [key]: [] };
    const end = kept.time.length ? kept.time[kept.time.length - 1] : 0;
    return { title, x: "seconds from now", x_format: v => fixed(v, 0), from: -30, bottom: 0, none: "nothing since this page was opened",
      series: [{ name: title.toLowerCase(), colour: "var(--c1)", x: kept.time.map(t => t - end), y: kept[key] }], ...more };
  }
}

function actor_facts(actor) {
  return facts([
    ["state", state_mark(actor.state)], ["state before", actor.state === "dead" && actor.last_state !== "dead" ? states[actor.last_state] || actor.last_state : null], ["waits for", wait_text(actor) || dash], ["since", wait_age(actor) || dash],
    ["busy", percent(actor.busy)], ["kind", actor.kind], ["process", actor.worker ? `${actor.worker}, pid ${actor.pid ?? dash}` : `of the run, pid ${actor.pid ?? dash}`],
    ["machine", string(actor.node)], ["memory of the process", is(actor.memory) ? bytes(actor.memory) : null],
    ["mailbox", `${whole(actor.mailbox)} of ${whole(actor.mailbox_limit)} messages, ${bytes(actor.mailbox_bytes)} of ${bytes(actor.mailbox_bytes_limit)}`],
    ["oldest message", actor.mailbox ? age(actor.oldest_message_seconds) : null], ["senders that wait for room", actor.senders_waiting || null],
    ["handled", plural(actor.handled, "message")], ["last handler", actor.last_handler], ["without a handler", actor.unhandled ? plural(actor.unhandled, "message") : null],
    ["weight version", is(actor.weight_version) ? whole(actor.weight_version) : null], ["writes", is(actor.tokens_per_s) ? `${count(actor.tokens_per_s)} tokens/s` : null],
    ["life", `${whole(actor.incarnation)}${actor.restarts ? `, restarted ${actor.restarts === 1 ? "once" : whole(actor.restarts) + " times"}` : ", never restarted"}${actor.failed ? `, failed ${actor.failed === 1 ? "once" : whole(actor.failed) + " times"}` : ""}`],
    ...Object.entries(object(actor.notes)).filter(([name]) => name !== "version" || !is(actor.weight_version)).map(([name, value]) => [prose(name), value]),
  ]);
}

function neighbours(actor) {
  const links = names => names.flatMap((name, i) => [i ? ", " : "", el("a", { href: link_to("actors", name) }, name)]);
  const asks = Object.entries(object(actor.asks)).map(([port, names]) => [`asks, as ${port}`, links(array(names))]);
  const askers = watched.actors.filter(a => Object.values(object(a.asks)).some(names => array(names).includes(actor.name))).map(a => a.name);
  if (!asks.length && !askers.length) return null;
  return [el("h2", null, "Whom it talks to"), el("div", { class: "card" }, facts([...asks, ["is asked by", askers.length ? links(askers) : null]]))];
}

function life_callout(event) {
  const data = object(event.data);
  return el("div", { class: "callout" }, el("b", null, `Life ${whole(data.incarnation)} ended: ${prose(data.cause)}.`), " ", string(data.text) || string(event.text), " ",
    el("span", { class: "when" }, clock(event.time)), data.holding ? el("div", null, "It held ", string(data.holding)) : null,
    array(data.log).length ? el("details", null, el("summary", null, "last log lines"), el("pre", { class: "mono" }, data.log.map(string).join("\n"))) : null);
}

class ActorView {
  constructor(place, name) {
    this.name = name;
    this.asking = new Latest();
    this.facts = el("div", { class: "card" });
    this.rest = el("div", null);
    const chart = (...about) => () => histories.chart(name, ...about);
    this.chart_of = [chart("Busy", "busy", { top: 1, fixed_top: true, format: v => percent(v) }), chart("Mailbox", "mailbox", { unit: "messages" }), chart("Writes", "rate", { unit: "tokens/s", format: count })];
    this.charts = this.chart_of.map(of => new Chart(of(), "actor"));
    place.append(el("p", { class: "back" }, el("a", { href: link_to("actors") }, "← all actors")), el("h1", null, name), this.facts,
      this.since = el("section", { "aria-label": "Since this page was opened" }, el("h2", null, "Since this page was opened"), el("div", { class: "charts three" }, this.charts.map(c => c.card))), this.rest);
    this.pace = new Pace(400, () => this.load());
    this.draw();
    this.pace.ask(0);
  }

  // What is live comes with the stream; lives and logs are asked for.
  async load() {
    try {
      const actor = await this.asking.ask(`actors/${this.name.split("/").map(encodeURIComponent).join("/")}`, {});
      this.found = actor;
      this.draw();
      const log = array(actor.log).map(line => `${clock(line.time)} ${string(line.level)} ${string(line.text)}`);
      const block = (title, lines, none) => [el("h2", null, title), lines.length ? el("div", { class: "card" }, el("pre", { class: "mono log" }, lines.join("\n"))) : el("p", { class: "note" }, none)];
      put_into(this.rest, [neighbours(actor), el("h2", null, "Past lives"), array(actor.lives).length ? actor.lives.map(life_callout) : el("p", { class: "note" }, "None: this is its first."),
        block("Last log lines", log, "It has logged nothing."), array(actor.output).length ? block("Last output of its process", actor.output.map(string), "") : null]);
    } catch (error) {
      if (!this.found) put_into(this.rest, failure_note(error));
      throw error;
    }
  }

  draw() {
    const actor = watched.actors.find(a => a.name === this.name) || this.found;
    if (actor) put_into(this.facts, actor_facts(actor));
    this.since.hidden = !watched.live;
    const rates = histories.by_name.get(this.name);
    this.charts[2].card.hidden = !(rates && rates.rate.some(is));
    this.charts.forEach((chart, i) => chart.update(this.chart_of[i]()));
  }

  // A record may be read a moment after it was told; so it is looked for, but not for ever.
  look_for_lives() {
    const actor = watched.actors.find(a => a.name === this.name);
    if (!actor || !this.found || array(this.found.lives).length >= Math.min(5, actor.incarnation - 1)) return;
    if (this.looked !== actor.incarnation) Object.assign(this, { looked: actor.incarnation, looks: 0 });
    if (this.looks++ < 10) this.pace.ask();
  }

  hear(kind, data) {
    if (kind === "actors") { this.draw(); this.look_for_lives(); }
    const own = string(data.actor) === this.name || string(data.who) === this.name;
    if ((kind === "exit" || kind === "log") && own) this.pace.ask();
  }

  close() { this.pace.close(); this.asking.close(); this.charts.forEach(chart => chart.close()); }
}
