// The stream of what happens. It is opened again whenever it ends, from the last event that is known,
// so that nothing is missed or told twice; while there is no connection, since when there is none.

const stream_kinds = ["actors", "job", "run", "stage", "step", "swap", "swap_failed", "evaluation", "checkpoint", "exit", "alarm", "alarm_over", "summary", "log", "jobs", "nodes"];
const silence_max = 20000;  // ms, after which the server is asked whether it is there

class Live {
  // hear(kind, data, id) is told every event, changed() whenever what there is to say of the connection is another.
  constructor(hear, changed) {
    Object.assign(this, { hear, changed, id: "", failures: 0, lost_since: null, connected: false, refused: null });
    this.heard = Date.now();
    this.watch = setInterval(() => this.listen(), 5000);
    this.open();
  }

  open() {
    clearTimeout(this.again);
    const query = new URLSearchParams();
    if (this.id) query.set("after", this.id);
    const source = this.source = new EventSource(address_of("stream", query, route.job));
    source.onopen = () => this.found();
    source.onerror = () => { if (source === this.source) this.lost(); };
    for (const kind of stream_kinds) source.addEventListener(kind, event => this.take(kind, event));
  }

  take(kind, event) {
    this.heard = Date.now();
    if (event.lastEventId) this.id = event.lastEventId;
    let data = null;
    try { data = JSON.parse(event.data); } catch (error) { console.error(error); }
    if (data) this.hear(kind, data, event.lastEventId);
  }

  found() {
    this.heard = Date.now();
    Object.assign(this, { connected: true, lost_since: null, failures: 0, refused: null });
    this.changed();
  }

  lost() {
    this.source.close();
    this.connected = false;
    if (this.lost_since === null) this.lost_since = new Date(this.heard);
    this.again = setTimeout(() => this.open(), Math.min(8000, 500 * 2 ** this.failures++));
    ask("version", { job: "" }).catch(error => { if (error instanceof Refused && !this.connected) { this.refused = error; this.changed(); } });
    this.changed();
  }

  // A connection may be gone without anybody saying so.
  async listen() {
    if (!this.connected || Date.now() - this.heard < silence_max) return;
    try {
      await ask("version", { job: "" }, AbortSignal.timeout(4000));
      this.heard = Date.now();
    } catch { if (this.connected) this.lost(); }
  }

  close() { clearInterval(this.watch); clearTimeout(this.again); this.source.close(); }
}
