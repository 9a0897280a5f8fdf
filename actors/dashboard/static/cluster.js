// A cluster's jobs and nodes, where the page is a head's: as the stream tells them.

const job_columns = [{ name: "job", number: true }, { name: "name" }, { name: "state" }, { name: "since", number: true }, { name: "node" }, { name: "reason" }];
const node_columns = [{ name: "node" }, { name: "state" }, { name: "since", number: true }, { name: "processors", number: true }, { name: "memory", number: true }, { name: "GPUs", number: true }, { name: "placed", number: true }];

function first_line(text) { return string(text).split("\n")[0]; }

function cluster_mark(state) {
  const tone = { running: "busy", placing: "busy", ready: "busy", failed: "bad", lost: "bad", slow: "bad" }[state] || "quiet";
  return el("span", { class: `state ${tone}` }, job_words[state] || prose(state));
}

// What is told with its age has it from now on as a time.
function with_times(row) {
  const at = seconds => is(seconds) ? Date.now() - 1000 * seconds : NaN;
  return { ...row, since: at(row.since), submitted: at(row.submitted) };
}

function lasting(from) { return is(from) ? duration(Math.max(0, Math.floor((Date.now() - from) / 1000))) : ""; }

// Whether there is a run to look at.
function has_begun(job) { return job.attempt > 0; }

// A job's own views. In the list it is for the pointer: the keyboard comes to them by way of the panel.
function job_link(id, text, more) { return el("a", { href: link_of_job(id), ...more }, text); }

function job_cells(job) {
  return [cell("number", has_begun(job) ? job_link(job.id, whole(job.id), { tabindex: -1 }) : whole(job.id)), cell("what", string(job.name)), cell("is", cluster_mark(job.state)),
    cell("number age", lasting(job.since)), cell("side", string(job.node) || dash), cell("wait", first_line(job.reason))];
}

function node_cells(node) {
  return [cell("what", node.name), cell("is", cluster_mark(node.state)), cell("number age", lasting(node.since)), cell("number", of_amount(node.cpus_used, node.cpus, short)),
    cell("number", of_amount(node.memory_bytes_used, node.memory_bytes, bytes)), cell("number cards", whole(node.gpus)), cell("number", whole(array(node.workers).length))];
}

function of_amount(used, offered, shown) { return `${used ? shown(used) : 0}\u202f/\u202f${shown(offered)}`; }

function worker_table(workers) {
  const { shown, note } = first_few(workers, 100, "processes");
  return [note, table([{ name: "process", of: w => w.name }, { name: "node", of: w => string(w.node) || dash }, { name: "processors", number: true, of: w => short(w.cpus) },
    { name: "memory", number: true, of: w => bytes(w.memory_bytes) }], shown, { label: "What it consists of" })];
}

// What both lists have in common: rows that are chosen by what they are, and a panel for the one.
class ClusterList {
  constructor(place, title, kind, key, more) {
    Object.assign(this, { kind, key, asking: new Latest(), chosen: null });
    this.count = el("span", { class: "matches", role: "status" });
    this.filters = el("div", { class: "filters", role: "search", "aria-label": title });
    this.list = new List({ label: title, choose: row => this.choose(row), open: row => this.choose(row), row_height: () => innerWidth < 800 ? 54 : 34, ...more });
    this.list.element.classList.add(kind);
    this.detail = el("div", { class: "panel" });
    place.append(el("h1", null, title), this.filters, el("div", { class: "viewer wide-list" }, this.list.element, this.detail));
    this.timer = setInterval(() => { if (!document.hidden) this.list.refresh(); }, 5000);
    this.chosen = route.which;
    this.draw_filters();
    this.draw();
  }

  draw_filters() {
    const changed = name => value => { set_filters({ [name]: value }); this.draw(); };
    put_into(this.filters, entry(this.sought, "search", filter("text"), changed("text")), choice("state", [["", "any"], ...this.states.map(s => [s, job_words[s] || prose(s)])], filter("state"), changed("state")), this.count);
  }

  draw() {
    const all = watched[this.kind];
    const text = filter("text").toLowerCase();
    this.rows = all.filter(row => (!filter("state") || row.state === filter("state")) && (!text || this.words(row).some(word => string(word).toLowerCase().includes(text))));
    this.count.textContent = `${whole(this.rows.length)} of ${whole(all.length)}`;
    this.list.show(this.rows.length, place => this.rows[place]);
    if (!this.chosen && this.rows.length) this.chosen = String(this.rows[0][this.key]);
    const at = this.rows.findIndex(row => String(row[this.key]) === this.chosen);
    this.list.select(at, { scroll: false });
    if (at < 0) return put_into(this.detail);
    if (!this.detail.contains(document.activeElement) && !this.detail.querySelector(".asked")) this.show(this.rows[at]);
    return null;
  }

  choose(row) {
    this.chosen = String(row[this.key]);
    route.which = this.chosen;
    set_filters({});
    this.show(row);
  }

  hear(kind) { if (kind === this.kind) this.draw(); }

  close() { clearInterval(this.timer); this.asking.close(); }
}

class JobsView extends ClusterList {
  constructor(place) { super(place, "Jobs", "jobs", "id", { columns: job_columns, row: job_cells, empty: "no job matches; tram submit gives the cluster one" }); }

  get states() { return ["queued", "placing", "running", "waiting", "finished", "failed", "stopped"]; }

  get sought() { return "name, node or reason"; }

  words(job) { return [job.name, job.node, job.reason, String(job.id)]; }

  show(job) {
    this.workers = this.shown === job.id && this.workers || el("div", null);
    this.shown = job.id;
    put_into(this.detail, el("div", { class: "card detail" }, el("h2", null, `Job ${whole(job.id)}: ${string(job.name)}`),
      has_begun(job) ? el("p", null, job_link(job.id, "what it does, waits for and has learnt")) : null,
      facts([["state", cluster_mark(job.state)], ["for", lasting(job.since)], ["submitted", is(job.submitted) ? `${lasting(job.submitted)} ago` : null], ["priority", job.priority || null], ["driver on", string(job.node)],
        ["process", is(job.pid) ? String(job.pid) : null], ["starts of its driver", whole(job.attempt)], ["exit status", is(job.exit_code) ? whole(job.exit_code) : null], ["run directory", string(job.run)]]),
      string(job.reason) ? [el("h3", null, "Reason"), el("p", { class: "said reason" }, job.reason)] : null, this.stop(job), this.workers));
    this.load(job);
  }

  stop(job) {
    if (["finished", "failed", "stopped"].includes(job.state)) return null;
    if (!this.stopping || this.stopping.job !== job.id)
      this.stopping = { job: job.id, element: action("Stop this job", "It finishes its step, writes a checkpoint and ends. Stop it?", `jobs/${job.id}/stop`, told => `it is ${job_words[told.state] || told.state}: ${first_line(told.reason) || "it ends"}`) };
    return this.stopping.element;
  }

  async load(job) {
    try {
      const told = await this.asking.ask(`jobs/${job.id}`, { fields: "workers" });
      if (this.shown === job.id) put_into(this.workers, el("h3", null, "What it consists of"), worker_table(array(told.workers)));
    } catch (error) { if (this.shown === job.id) put_into(this.workers, failure_note(error)); }
  }
}

class NodesView extends ClusterList {
  constructor(place) { super(place, "Nodes", "nodes", "name", { columns: node_columns, row: node_cells, empty: "no node matches; tram node makes a machine one" }); }

  get states() { return ["ready", "draining", "drained", "leaving", "left", "slow", "lost"]; }

  get sought() { return "name, label or what is placed"; }

  words(node) { return [node.name, ...array(node.workers), ...Object.entries(object(node.labels)).map(([key, value]) => `${key}=${value}`)]; }

  show(node) {
    const of_jobs = new Map();
    for (const worker of array(node.workers)) {
      const [job, ...name] = string(worker).split("/");
      of_jobs.set(job, [...of_jobs.get(job) || [], name.join("/")]);
    }
    const labels = Object.entries(object(node.labels)).map(([key, value]) => `${key}=${value}`).join(", ");
    put_into(this.detail, el("div", { class: "card detail" }, el("h2", null, node.name),
      facts([["state", cluster_mark(node.state)], ["for", lasting(node.since)], ["processors", of_amount(node.cpus_used, node.cpus, short)], ["memory", of_amount(node.memory_bytes_used, node.memory_bytes, bytes)],
        ["GPUs", whole(node.gpus)], ["kernels", string(node.instruction_set)], ["labels", labels], ["address", string(node.address)], ["its folder", string(node.home)]]),
      this.drain(node), el("h3", null, "What is placed there"), of_jobs.size ? [...of_jobs].map(([job, names]) => el("p", null, job_link(job, `job ${job}`), ": ", names.join(", "))) : el("p", null, "nothing")));
  }

  // A node that is gone can't be asked for anything; one that leaves is being drained.
  drain(node) {
    const [draining, gone] = [["draining", "drained"].includes(node.state), ["left", "lost", "leaving"].includes(node.state)];
    if (gone) return null;
    const key = `${node.name} ${draining}`;
    if (!this.draining || this.draining.key !== key)
      this.draining = { key, element: draining ? action("Use this node again", "Let jobs be placed on it?", `nodes/${encodeURIComponent(node.name)}/drain?undo=true`, told => `it is ${prose(told.state)}`)
        : action("Drain this node", "What runs there moves to other nodes, and nothing new is placed. Drain it?", `nodes/${encodeURIComponent(node.name)}/drain`, told => `it is ${prose(told.state)}`) };
    return this.draining.element;
  }
}
