// Everything around the picture of the QC sweep. Text from the registry is set as text, never as HTML.
import { Frame, group, make } from "../viewer/parts.js";

const VERDICTS = ["accept", "reject", "later", "flag"];
/** Keys in the list of keys that have no button. */
const MOVES = [
  { key: "↑ ↓", title: "Slices", about: "of the plane under the pointer; also Page Up, Page Down and the wheel" },
  { key: "Right", title: "Window", about: "the right mouse button, dragged, changes it" },
];
const LASTING_MS = 8000;
const NAMES = { accept: "accepted", reject: "rejected", later: "put off", flag: "flagged" };

export class SweepPanel extends Frame {
  constructor(parent, keys, sweep) {
    super("sweep", "The wheel, the arrow keys and Page Up, Page Down go through the slices.");
    this.keys = keys;
    this.buttons = new Map(keys.map((item) => [item.action, this.button(item, () => sweep.act(item))]));
    this.help = this.helpList();
    const side = make("span", { className: "side", textContent: "Radiological (R on the left)" });
    this.stage = make("div", { className: "stage" }, this.canvas, this.drawing, side, this.note, this.messages(sweep),
      this.help);
    this.mount(parent, "viewer sweep", this.head(), this.stage, this.artifacts(), this.verdicts(sweep));
  }

  head() {
    this.title = make("b", { className: "title" });
    this.facts = make("span", { className: "facts" });
    this.said = make("span", { className: "said" });
    this.progress = make("span", { className: "progress" });
    const moves = this.named("previous", "next", "help");
    return make("div", { className: "bar head" }, this.title, this.facts, this.said, this.progress, group("Move", ...moves));
  }

  artifacts() {
    const chips = this.named(...this.keys.filter((item) => item.artifact).map((item) => item.action));
    return make("div", { className: "bar entry" }, group("Artifacts", ...chips));
  }

  verdicts(sweep) {
    this.comment = make("input", { type: "text", className: "comment", placeholder: "Comment", maxLength: 500 });
    this.comment.setAttribute("aria-label", "Comment");
    this.comment.addEventListener("input", () => { sweep.draft.comment = this.comment.value; });
    this.comment.addEventListener("keydown", (event) => {
      event.stopPropagation(); // the page around has shortcuts of its own
      if (["Enter", "Escape"].includes(event.key)) this.canvas.focus({ preventScroll: true });
    });
    return make("div", { className: "bar verdicts" }, group("Verdict", ...this.named(...VERDICTS)),
      ...this.named("undo"), this.comment);
  }

  /** The messages, which lie over the picture because the rater looks there. */
  messages(sweep) {
    this.message = make("span", { className: "message" });
    this.message.setAttribute("role", "status");
    this.unsaved = make("span", { className: "unsaved" });
    this.unsaved.setAttribute("role", "alert");
    this.discard = make("button", { type: "button", textContent: "Give it up", hidden: true });
    this.discard.addEventListener("click", () => sweep.outbox.discard());
    return make("div", { className: "messages" }, this.message, make("div", {}, this.unsaved, this.discard));
  }

  named(...actions) {
    return actions.map((action) => this.buttons.get(action));
  }

  button({ key, action, title, about, artifact }, work) {
    const element = make("button", { type: "button", title: about, className: artifact ? "chip" : `act ${action}` },
      cap(key), make("span", { textContent: title }));
    element.dataset.action = action;
    element.addEventListener("click", () => {
      this.canvas.focus({ preventScroll: true }); // else the space bar would press this button again
      work();
    });
    return element;
  }

  helpList() {
    const rows = [...this.keys, ...MOVES].map(({ key, title, about }) => make("div", {},
      cap(key), make("b", { textContent: title }),
      make("span", { textContent: about })));
    const list = make("div", { className: "keys", hidden: true }, ...rows);
    list.setAttribute("role", "note");
    return list;
  }

  toggleHelp() {
    this.help.hidden = !this.help.hidden;
    this.buttons.get("help").setAttribute("aria-pressed", !this.help.hidden);
  }

  showCase({ case: shown, cases, index, today, rater, draft }) {
    const judged = cases.filter(isCurrent).length;
    this.title.textContent = shown.title;
    this.facts.textContent = shown.facts;
    this.facts.title = `${shown.facts}\n${shown.image}`;
    this.said.textContent = [ownWords(shown), shown.notes && `Flagged by ${shown.notes}`].filter(Boolean).join(" · ");
    this.progress.textContent = `${index + 1} of ${cases.length} · ${judged} judged · ${today} today by ${rater}`;
    for (const verdict of VERDICTS) {
      this.buttons.get(verdict).setAttribute("aria-pressed", isCurrent(shown) && shown.now.verdict === verdict);
    }
    this.buttons.get("previous").disabled = index === 0;
    this.buttons.get("next").disabled = index === cases.length - 1;
    this.showDraft(draft);
  }

  showDraft({ artifacts, comment }) {
    for (const { action, artifact } of this.keys) {
      if (artifact) this.buttons.get(action).setAttribute("aria-pressed", artifacts.has(action));
    }
    if (this.comment.value !== comment) this.comment.value = comment;
  }

  /** Shows only verdicts that the server has not confirmed for a second, or has refused. */
  showOutbox({ waiting, trouble, refused }) {
    const count = waiting.length === 1 ? "1 verdict is" : `${waiting.length} verdicts are`;
    const end = refused ? "" : " It is kept in this browser and sent again.";
    this.unsaved.textContent = trouble && waiting.length ? `${count} not saved yet: ${trouble.replace(/\.?$/, ".")}${end}` : "";
    this.root.dataset.unsaved = waiting.length;
    this.discard.hidden = !refused;
  }

  /** A `lasting` message stays when the next verdict is confirmed. */
  hint(text, lasting = false) {
    if (!text && Date.now() < this.until) return;
    this.until = lasting ? Date.now() + LASTING_MS : 0;
    this.message.textContent = text;
  }

  holds(element) {
    return this.root.contains(element);
  }
}

const cap = (key) => make("kbd", { textContent: key === " " ? "Space" : key.toUpperCase() });

const isCurrent = ({ now, sha256 }) => Boolean(now) && now.sha256 === sha256;

function ownWords(shown) {
  if (!shown.now) return "";
  return `You ${NAMES[shown.now.verdict]} ${isCurrent(shown) ? "it" : "an earlier version of this image"}`;
}
