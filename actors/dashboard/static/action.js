// A button that has the server do something, once it was said twice. What came of it stands beside it.

class Action {
  // `question` is asked before the server is; `path` is where it is posted to; `done(answer)` gives the words of what came of it.
  constructor(label, question, path, done) {
    Object.assign(this, { label, question, path, done });
    this.said = el("div", { role: "status" });
    this.element = el("div", { class: "action" });
    this.rest();
  }

  rest() { put_into(this.element, this.button(this.label, () => this.sure()), this.said); }

  button(text, does) { return el("button", { type: "button", onclick: does }, text); }

  sure() {
    const yes = this.button(this.label, () => this.act());
    const no = this.button("No", () => { this.rest(); this.element.firstChild.focus(); });
    const asked = el("span", { class: "asked", role: "group", "aria-label": this.question }, this.question, " ", yes, " ", no);
    asked.addEventListener("keydown", event => { if (event.key === "Escape") no.click(); });
    this.said.textContent = "";
    put_into(this.element, asked, this.said);
    no.focus();
  }

  async act() {
    put_into(this.element, this.button(this.label, null), this.said);
    this.element.firstChild.disabled = true;
    this.said.textContent = "asked …";
    try {
      this.said.textContent = this.done(await post(this.path));
      put_into(this.element, this.said);
    } catch (error) {
      this.rest();
      put_into(this.said, failure_note(error));
    }
  }
}

function action(...what) { return new Action(...what).element; }
