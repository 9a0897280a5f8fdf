// Actors: the machines, their processes and the actors in them, as they are now or were last.

const actor_columns = [
  { name: "actor", key: "name" }, { name: "state", key: "state" }, { name: "waits for", key: "waiting_for" }, { name: "since", key: "waiting_seconds", number: true },
  { name: "mailbox", key: "mailbox", number: true }, { name: "version", key: "weight_version", number: true }, { name: "tokens/s", key: "tokens_per_s", number: true },
  { name: "restarts", key: "restarts", number: true }, { name: "memory", key: "memory", number: true },
];

function cell(name, ...content) { return el("span", { class: name }, ...content); }

function actor_cells({ actor, depth }) {
  const number = (name, text) => cell("number " + name, text);
  const full = actor.mailbox_limit > 0 && actor.mailbox >= actor.mailbox_limit;
  return [cell(`what in-${depth}`, actor.name), cell("is", state_mark(actor.state)), cell("wait", wait_text(actor)),
    number("age", wait_age(actor)),
    cell("number mail" + (full ? " bad" : ""), `${whole(actor.mailbox)}\u202f/\u202f${whole(actor.mailbox_limit)}`), number("version", is(actor.weight_version) ? whole(actor.weight_version) : ""),
    number("rate", is(actor.tokens_per_s) ? count(actor.tokens_per_s) : ""), number("again" + (actor.restarts ? " bad" : ""), actor.restarts ? whole(actor.restarts) : ""),
    number("memory", is(actor.memory) ? bytes(actor.memory) : "")];
}

function group_cells({ group, depth, size, open }) {
  const more = group.process ? [`pid ${group.process.pid ?? dash}`, is(group.process.memory) ? bytes(group.process.memory) : null, is(group.process.cpu_seconds) ? `${duration(group.process.cpu_seconds)} of processor` : null]
    : group.node ? [group.node.state, is(group.node.cores) ? plural(group.node.cores, "core") : null, is(group.node.load) ? `load ${fixed(group.node.load, 1)}` : null, is(group.node.memory_available) ? `${bytes(group.node.memory_available)} of ${bytes(group.node.memory)} free` : null] : [];
  return [cell(`what title in-${depth}`, `${open ? "▾" : "▸"} ${group.title}`), cell("rest", [plural(size, "actor"), ...more].filter(Boolean).join(" · "))];
}

// Rows of the tree: a machine, its processes, their actors; of what is closed, only the group.
function tree_rows(actors, nodes, closed) {
  const rows = [];
  const by = (list, of) => { const map = new Map(); for (const item of list) { const key = of(item); if (!map.has(key)) map.set(key, []); map.get(key).push(item); } return map; };
  const add = (group, depth, size) => { const open = !closed.has(group.key); rows.push({ group, depth, size, open }); return open; };
  for (const [name, here] of by(actors, a => string(a.node) || "machine unknown")) {
    const node = nodes.find(n => n.name === name);
    if (!add({ key: `node ${name}`, title: name, node }, 0, here.length)) continue;
    for (const [worker, those] of by(here, a => string(a.worker))) {
      if (those.length === 1) { rows.push({ actor: those[0], depth: 1 }); continue; }
      const process = node ? array(node.processes).find(p => string(p.worker) === worker) : undefined;
      if (!add({ key: `worker ${name} ${worker}`, title: worker ? `process ${worker}` : "process of the run", process: process || { pid: those[0].pid, memory: those[0].memory } }, 1, those.length)) continue;
      for (const actor of those) rows.push({ actor, depth: 2 });
    }
  }
  return rows;
}

function compare_by(key) {
  const of = actor => actor[key] ?? (typeof actor.name === "string" && ["name", "state", "waiting_for"].includes(key) ? "" : -Infinity);
  const rising = key === "name" || key === "state" || key === "waiting_for";
  return (a, b) => rising ? String(of(a)).localeCompare(String(of(b)), "en", { numeric: true }) : of(b) - of(a);
}

class ActorsView {
  constructor(place) {
    Object.assign(this, { nodes: [], closed: new Set(), rows: [], order: null, asking: new Latest() });
    this.count = el("span", { class: "matches", role: "status" });
    this.note = el("div", null);
    this.list = new List({ label: "Actors", role: "treegrid", columns: actor_columns, empty: "no actor matches", row_height: () => innerWidth < 800 ? 58 : 34,
      row: row => row.actor ? actor_cells(row) : group_cells(row), open: row => this.open(row),
      attributes: row => row.actor ? { "aria-level": row.depth + 1 } : { "aria-level": row.depth + 1, "aria-expanded": String(row.open), class: "group" } });
    this.list.element.classList.add("actors");
    this.filters = el("div", { class: "filters", role: "search", "aria-label": "Actors" });
    this.flow = el("div", { class: "card flows", tabindex: 0, role: "group", "aria-label": "Who asks whom" });
    this.flow_rows = el("div", null);
    place.append(el("h1", null, "Actors"), this.note, this.filters, this.list.element,
      el("section", { "aria-label": "Who asks whom" }, el("h2", null, "Who asks whom"), this.flow, el("details", { ontoggle: event => { this.flow_open = event.target.open; this.draw_flow(); } }, el("summary", null, "as a table"), this.flow_rows)));
    this.draw_filters();
    this.draw();
    this.load_nodes();
    this.timer = setInterval(() => { if (watched.live && !document.hidden) this.load_nodes(); }, 5000);
  }

  draw_filters() {
    const changed = name => value => { set_filters({ [name]: value }); this.order = null; this.draw(); };
    put_into(this.filters, entry("name, wait or note", "search", filter("text"), changed("text")),
      choice("state", [["", "any"], ...Object.entries(states)], filter("state"), changed("state")),
      choice("order", [["", "by machine and process"], ...actor_columns.map(c => [c.key, `by ${c.name}`])], filter("order"), changed("order")), this.count);
  }

  async load_nodes() {
    try { this.nodes = array((await this.asking.ask("nodes", {})).nodes); this.draw(); } catch { /* The tree does without. */ }
  }

  // Sorted by what changes, rows would jump under a pointer: while it or the keyboard is among them,
  // they keep their places.
  sorted(actors, key) {
    const still = this.order && (this.list.element.matches(":hover") || this.list.element.contains(document.activeElement));
    if (!still) this.order = new Map(actors.slice().sort(compare_by(key)).map((actor, place) => [actor.name, place]));
    return actors.slice().sort((a, b) => (this.order.get(a.name) ?? Infinity) - (this.order.get(b.name) ?? Infinity));
  }

  draw() {
    const text = filter("text").toLowerCase();
    const kept = watched.actors.filter(a => (!filter("state") || a.state === filter("state")) &&
      (!text || [a.name, a.waiting_for, ...Object.values(object(a.notes))].some(part => string(part).toLowerCase().includes(text))));
    const order = filter("order");
    const chosen = this.rows[this.list.chosen];
    this.rows = order ? this.sorted(kept, order).map(actor => ({ actor, depth: 0 })) : tree_rows(kept, this.nodes, this.closed);
    this.count.textContent = `${whole(kept.length)} of ${whole(watched.actors.length)}`;
    put_into(this.note, watched.live || !watched.actors.length ? "" : el("p", { class: "note" }, `The run is not worked on: this is how the actors were last, at ${clock(watched.written)}.`));
    const same = row => chosen && (row.actor ? chosen.actor && row.actor.name === chosen.actor.name : chosen.group && row.group.key === chosen.group.key);
    this.list.show(this.rows.length, place => this.rows[place]);
    if (chosen) this.list.select(this.rows.findIndex(same), { scroll: false });
    this.draw_flow();
  }

  draw_flow() {
    put_into(this.flow, draw_flow(watched.actors, flows));
    put_into(this.flow_rows, this.flow_open ? flow_table(watched.actors, flows) : null);
  }

  open(row) {
    if (row.actor) return go("actors", row.actor.name);
    if (row.open) this.closed.add(row.group.key); else this.closed.delete(row.group.key);
    return this.draw();
  }

  hear(kind) { if (kind === "actors") this.draw(); }

  close() { clearInterval(this.timer); this.asking.close(); }
}
