// A list of any length of which only the rows in sight are elements, and which is one stop of the
// tab key: arrow keys, page keys, Home and End move the choice.
//
//   const list = new List({ label: "Rollouts", row: item => [elements…], choose: (item, place) => … });
//   list.show(count, place => item or undefined while it is fetched);
//   list.select(place);
//
// choose() is told of every move; open() of a click and of Enter. With `columns`, it is a grid with a
// line of their names above; near_end() is told when the last rows come into sight.

const tallest = 8e6;  // pixels: browsers cut off what is much taller

class List {
  constructor({ label, row, choose, open, near_end, columns, empty = "nothing matches", role, row_height = () => 34, attributes = () => null }) {
    Object.assign(this, { row, choose, open, near_end, columns, row_height, attributes, count: 0, item: () => undefined, chosen: -1, drawn: "" });
    this.prefix = `list-${List.made = (List.made || 0) + 1}`;
    this.space = el("div", { class: "space", role: columns ? "rowgroup" : "presentation" });
    this.head = columns ? el("div", { class: "columns", role: "row" }, columns.map(c => el("span", { role: "columnheader", class: c.number ? "number" : null }, c.name))) : null;
    this.none = el("div", { class: "empty", hidden: true }, empty);
    this.place = el("div", { class: "rows", role: role || (columns ? "grid" : "listbox"), tabindex: 0, "aria-label": label }, this.head, this.space);
    this.element = el("div", { class: "card list" }, this.place, this.none);
    this.place.addEventListener("scroll", () => this.draw(), { passive: true });
    this.place.addEventListener("keydown", event => this.key(event));
    this.place.addEventListener("click", event => {
      const row = event.target.closest("[data-place]");
      if (row && !event.target.closest("a")) this.select(Number(row.dataset.place), { tell: true, open: true });
    });
    new ResizeObserver(() => {
      if (!this.seen && this.chosen >= 0) this.bring_into_sight(this.chosen);
      this.seen = this.place.clientHeight > 0;
      this.space.style.height = Math.min(tallest, this.count * this.row_height()) + "px";
      this.refresh();
    }).observe(this.place);
  }

  show(count, item) {
    Object.assign(this, { count, item, drawn: "" });
    this.none.hidden = count > 0;
    this.place.hidden = count === 0;
    this.space.style.height = Math.min(tallest, count * this.row_height()) + "px";
    if (this.chosen >= count) this.chosen = count - 1;
    this.draw();
  }

  // Rows may be worth drawing again although none has moved.
  refresh() { this.drawn = ""; this.draw(); }

  sight() { return this.place.clientHeight - (this.head ? this.head.offsetHeight : 0); }

  // The way that scrolling goes, in pixels and in rows: of a list that is too tall for pixels, one
  // stands for many.
  ways() {
    const height = this.row_height();
    return { pixels: Math.max(1, Math.min(tallest, this.count * height) - this.sight()), rows: Math.max(0, this.count - this.sight() / height) };
  }

  first_in_sight() {
    const { pixels, rows } = this.ways();
    return Math.min(1, this.place.scrollTop / pixels) * rows;
  }

  bring_into_sight(place) {
    const sight = this.sight() / this.row_height();
    const first = this.first_in_sight();
    if (place >= first && place + 1 <= first + sight) return;
    const { pixels, rows } = this.ways();
    this.place.scrollTop = (place < first ? place : place + 1 - sight) / Math.max(1e-9, rows) * pixels;
  }

  draw() {
    const height = this.row_height();
    const first = this.first_in_sight();
    const begin = Math.max(0, Math.floor(first) - 4);
    const end = Math.min(this.count, Math.floor(first) + Math.ceil(this.sight() / height) + 5);
    const drawn = `${begin} ${end} ${this.place.scrollTop} ${this.chosen}`;
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    const shift = Math.min(this.place.scrollTop, this.ways().pixels) - first * height;
    const rows = [];
    for (let place = begin; place < end; ++place) rows.push(this.option(place, shift + place * height));
    this.space.replaceChildren(...rows);
    if (this.chosen >= begin && this.chosen < end) this.place.setAttribute("aria-activedescendant", `${this.prefix}-${this.chosen}`);
    else this.place.removeAttribute("aria-activedescendant");
    if (this.near_end && end >= this.count) this.near_end();
  }

  option(place, top) {
    const item = this.item(place);
    const where = this.columns ? { role: "row", "aria-rowindex": place + 2 } : { role: "option", "aria-setsize": this.count, "aria-posinset": place + 1 };
    const cells = item === undefined ? [el("span", { class: "side" }, "…")] : this.row(item, place);
    if (this.columns) for (const cell of cells) cell.setAttribute("role", "gridcell");
    return el("div", { ...where, id: `${this.prefix}-${place}`, "data-place": place, "aria-selected": String(place === this.chosen),
      style: `top:${top.toFixed(1)}px;height:${this.row_height()}px`, ...(item === undefined ? null : this.attributes(item)) }, cells);
  }

  select(place, { tell = false, open = false, scroll = true } = {}) {
    this.chosen = place;
    if (place >= 0 && scroll) this.bring_into_sight(place);
    this.draw();
    const item = place >= 0 && place < this.count ? this.item(place) : undefined;
    if (item === undefined) return;
    if (tell && this.choose) this.choose(item, place);
    if (open && this.open) this.open(item, place);
  }

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target !== this.place) return;
    const page = Math.max(1, Math.floor(this.sight() / this.row_height()) - 1);
    const to = event.key === "ArrowLeft" || event.key === "ArrowRight" ? null : place_after(event.key, this.chosen, this.count, page);
    const opens = this.open && (event.key === "Enter" || event.key === " ") && this.chosen >= 0;
    if (to === null && !opens) return;
    event.preventDefault();
    this.select(opens ? this.chosen : to, opens ? { open: true } : { tell: true });
  }
}
