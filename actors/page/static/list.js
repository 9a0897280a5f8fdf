// A list of any length of which only the rows in sight are elements, and which is one stop of the
// tab key: arrow keys, page keys, Home and End move the choice.
//
//   const list = new List({ label: "Rollouts", row: item => [elements…], choose: (item, place) => … });
//   list.show(count, place => item or undefined while it is fetched);
//   list.select(place);

const tallest = 8e6;  // pixels: browsers cut off what is much taller

class List {
  constructor({ label, row, choose, empty = "nothing matches", row_height = 34 }) {
    Object.assign(this, { row, choose, row_height, count: 0, item: () => undefined, chosen: -1, drawn: "" });
    this.prefix = `list-${List.made = (List.made || 0) + 1}`;
    this.space = el("div", { class: "space", role: "presentation" });
    this.none = el("div", { class: "empty", hidden: true }, empty);
    this.place = el("div", { class: "rows", role: "listbox", tabindex: 0, "aria-label": label }, this.space);
    this.element = el("div", { class: "card list" }, this.place, this.none);
    this.place.addEventListener("scroll", () => this.draw(), { passive: true });
    this.place.addEventListener("keydown", event => this.key(event));
    this.place.addEventListener("click", event => {
      const row = event.target.closest("[role=option]");
      if (row) this.select(Number(row.dataset.place), { tell: true });
    });
    new ResizeObserver(() => {
      if (!this.seen && this.chosen >= 0) this.bring_into_sight(this.chosen);
      this.seen = this.place.clientHeight > 0;
      this.draw();
    }).observe(this.place);
  }

  show(count, item) {
    Object.assign(this, { count, item, drawn: "" });
    this.none.hidden = count > 0;
    this.place.hidden = count === 0;
    this.space.style.height = Math.min(tallest, count * this.row_height) + "px";
    if (this.chosen >= count) this.chosen = count - 1;
    this.draw();
  }

  // Rows may be worth drawing again although none has moved.
  refresh() { this.drawn = ""; this.draw(); }

  // Of a list that is too tall for pixels, a place in the scrolled distance stands for many rows.
  first_in_sight() {
    const sight = this.place.clientHeight;
    const real = Math.max(0, this.count * this.row_height - sight);
    const tall = Math.max(1, Math.min(tallest, this.count * this.row_height) - sight);
    return this.place.scrollTop / tall * real / this.row_height;
  }

  bring_into_sight(place) {
    const sight = this.place.clientHeight / this.row_height;
    const first = this.first_in_sight();
    if (place >= first && place + 1 <= first + sight) return;
    const wanted = place < first ? place : place + 1 - sight;
    const real = Math.max(1e-9, this.count - sight);
    this.place.scrollTop = wanted / real * (Math.min(tallest, this.count * this.row_height) - this.place.clientHeight);
  }

  draw() {
    const sight = Math.ceil(this.place.clientHeight / this.row_height) + 1;
    const first = this.first_in_sight();
    const begin = Math.max(0, Math.floor(first) - 4);
    const end = Math.min(this.count, Math.floor(first) + sight + 4);
    const drawn = `${begin} ${end} ${this.place.scrollTop} ${this.chosen}`;
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    const shift = this.place.scrollTop - first * this.row_height;
    const rows = [];
    for (let place = begin; place < end; ++place) rows.push(this.option(place, shift + place * this.row_height));
    this.space.replaceChildren(...rows);
    if (this.chosen >= begin && this.chosen < end) this.place.setAttribute("aria-activedescendant", `${this.prefix}-${this.chosen}`);
    else this.place.removeAttribute("aria-activedescendant");
  }

  option(place, top) {
    const item = this.item(place);
    return el("div", { role: "option", id: `${this.prefix}-${place}`, "data-place": place, "aria-selected": String(place === this.chosen),
      "aria-setsize": this.count, "aria-posinset": place + 1, style: `top:${top.toFixed(1)}px;height:${this.row_height}px` },
    item === undefined ? el("span", { class: "side" }, "…") : this.row(item, place));
  }

  select(place, { tell = false } = {}) {
    this.chosen = place;
    if (place >= 0) this.bring_into_sight(place);
    this.draw();
    if (tell && this.item(place) !== undefined) this.choose(this.item(place), place);
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.place.clientHeight / this.row_height) - 1);
    const to = place_after(event.key, this.chosen, this.count, page);
    if (to === null || event.ctrlKey || event.altKey || event.metaKey || event.key === "ArrowLeft" || event.key === "ArrowRight") return;
    event.preventDefault();
    this.select(to, { tell: true });
  }
}
