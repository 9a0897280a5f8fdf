// Does something soon after it was asked for, however often that is, and not again before it has
// ended: a flood of events neither calls it each time nor puts it off for ever. What fails is tried
// again, unless the server has refused it.
//
//   this.pace = new Pace(500, () => this.load());
//   this.pace.ask();   this.pace.close();

const second_try = 4000;  // ms

class Pace {
  constructor(pause, act) { Object.assign(this, { pause, act, timer: 0, busy: false, asked: false, closed: false }); }

  ask(pause = this.pause) {
    this.asked = true;
    if (this.timer || this.busy || this.closed) return;
    this.timer = setTimeout(() => { this.timer = 0; this.run(); }, pause);
  }

  async run() {
    Object.assign(this, { busy: true, asked: false });
    let failed = null;
    try { await this.act(); } catch (error) { failed = error; }
    this.busy = false;
    if (failed && failed.name !== "AbortError" && !(failed.status >= 400 && failed.status < 500)) return this.ask(second_try);
    return this.asked ? this.ask() : null;
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
  }
}
