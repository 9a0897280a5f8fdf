// A list that comes from the server page by page, as far as somebody scrolls.

class Pages {
  // fetch_page(after) gives { items, next }; changed() is told when there are more, or a failure.
  constructor(fetch_page, changed) {
    Object.assign(this, { fetch_page, changed, items: [], next: "", loading: false, failure: null, turn: 0 });
  }

  get whole() { return this.next === null; }

  async more() {
    if (this.loading || this.whole || this.failure) return;
    this.loading = true;
    const turn = this.turn;
    try {
      const { items, next } = await this.fetch_page(this.next);
      if (turn !== this.turn) return;
      this.items.push(...items);
      this.next = next ?? null;
    } catch (error) {
      if (turn !== this.turn || error.name === "AbortError") return;
      this.failure = error;
      if (!(error.status >= 400 && error.status < 500)) setTimeout(() => { if (turn === this.turn) { this.failure = null; this.more(); } }, second_try);
    } finally {
      if (turn === this.turn) this.loading = false;
    }
    this.changed();
  }

  again() {
    Object.assign(this, { items: [], next: "", loading: false, failure: null, turn: this.turn + 1 });
    return this.more();
  }

  close() { ++this.turn; }

  // So many rows: one more, that stands for what follows, as long as something may.
  get rows() { return this.items.length + (this.whole || this.failure ? 0 : 1); }

  get text() { return this.failure ? "" : `${whole(this.items.length)}${this.whole ? "" : "+"}`; }
}
