// The QC sweep: one image at a time, a verdict by key, then the next image, which is loaded already. No page runs meanwhile.
import { Outbox } from "./outbox.js";
import { Overlay } from "../viewer/overlay.js";
import { painted } from "../viewer/parts.js";
import { Scene } from "../viewer/scene.js";
import { SweepPanel } from "./sweep_panel.js";
import { dragWindow } from "../viewer/window.js";

const sweeps = new WeakMap();
/** Elements in which keys type text or choose from a list. */
const TYPING = "input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable], " +
  "[role=combobox], [role=listbox], [role=option], [role=textbox], [role=dialog] *";
/** Keys that change the slice in the plane under the pointer. */
const STEPS = { ArrowUp: 1, ArrowRight: 1, PageUp: 1, ArrowDown: -1, ArrowLeft: -1, PageDown: -1 };
const NOWHERE = [-1, -1];
/** Verdicts allowed on an image that cannot be shown. */
const UNSEEN = ["later", "flag"];

/** Called for each change of data; another worklist is another component. */
export function update({ parentElement, data }) {
  if (!sweeps.has(parentElement)) sweeps.set(parentElement, new Sweep(parentElement, data));
}

export function dispose(parentElement) {
  sweeps.get(parentElement)?.close();
  sweeps.delete(parentElement);
}

class Sweep {
  constructor(parent, { cases, keys, name, rater, today }) {
    Object.assign(this, { cases, keys, rater, today, drafts: new Map(), queue: Promise.resolve(), state: "loading" });
    this.panel = new SweepPanel(parent, keys, this);
    this.scene = new Scene(this.panel.canvas, "planes");
    this.overlay = new Overlay(this.panel.drawing, this.scene);
    this.scene.onDraw = () => this.overlay.draw();
    this.pointer = NOWHERE;
    this.panel.canvas.addEventListener("mousemove", ({ offsetX, offsetY }) => { this.pointer = [offsetX, offsetY]; });
    this.panel.canvas.addEventListener("mouseleave", () => { this.pointer = NOWHERE; });
    this.panel.canvas.addEventListener("mousedown", (event) => dragWindow(this.scene, event), true);
    window.addEventListener("keydown", this.key, true);
    this.outbox = new Outbox(`${name}/${rater}`, {
      answered: (item, told, done) => this.answered(item, told, done), changed: () => this.panel.showOutbox(this.outbox),
    });
    for (const { path, body } of this.outbox.waiting) if (path.endsWith("verdicts")) this.place(body.image, body);
    const first = cases.findIndex((item) => item.now?.sha256 !== item.sha256);
    this.go(Math.max(first, 0));
    this.panel.showOutbox(this.outbox);
    this.panel.canvas.focus({ preventScroll: true });
  }

  get case() {
    return this.cases[this.index];
  }

  /** Artifacts and comment while they are entered; at first those of the verdict that stands. */
  get draft() {
    const { image, now } = this.case;
    if (!this.drafts.has(image)) {
      this.drafts.set(image, { artifacts: new Set(now?.artifacts), comment: now?.comment ?? "" });
    }
    return this.drafts.get(image);
  }

  key = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = event.composedPath()[0];
    if (target.closest?.(TYPING)) return;
    if (event.key === " " && target.closest?.("button, a, [role=button], [role=tab], label") && !this.panel.holds(target)) return;
    const found = this.keys.find((item) => item.key === event.key.toLowerCase());
    const steps = (target === document.body || this.panel.holds(target)) && STEPS[event.key];
    if (!found && !steps) return;
    event.preventDefault(); // space would scroll the page or press the button that was clicked last
    event.stopImmediatePropagation();
    if (steps) this.scroll(steps);
    else if (!event.repeat) this.act(found);
  };

  scroll(steps) {
    if (this.state === "ready") this.scene.scroll(this.scene.planeAt(this.pointer), steps);
  }

  act({ action, artifact }) {
    if (action === "help") this.panel.toggleHelp();
    else if (action === "undo") this.undo();
    else if (action === "crosshair") this.overlay.toggleCross();
    else if (action === "next") this.go(this.index + 1);
    else if (action === "previous") this.go(this.index - 1);
    else if (artifact) this.toggle(action);
    else this.judge(action);
  }

  toggle(artifact) {
    const { artifacts } = this.draft;
    if (!artifacts.delete(artifact)) artifacts.add(artifact);
    this.panel.showDraft(this.draft);
  }

  /** Gives a verdict; ignores one given before the image is drawn, because the rater has not seen it yet. */
  judge(verdict) {
    const mayBe = this.state === "ready" || (this.state === "failed" && UNSEEN.includes(verdict));
    if (!mayBe || this.undoing) return this.panel.hint(this.undoing ? "Taking back …" : "Not shown yet.");
    const { image, sha256, now } = this.case;
    const said = { image, sha256, verdict, artifacts: [...this.draft.artifacts], comment: this.draft.comment };
    const action = this.outbox.add("/sweep/verdicts", { ...said, expected: now?.action ?? null });
    this.place(image, { ...said, action });
    this.drafts.delete(image);
    return this.go(this.index + 1);
  }

  undo() {
    if (this.undoing) return;
    this.undoing = true;
    this.outbox.add("/sweep/undo", {});
  }

  answered({ path, body }, told, done) {
    const undone = path.endsWith("undo");
    if (undone) this.undoing = false;
    if (told.today !== undefined) this.today = told.today;
    const image = told.image ?? body.image;
    const held = this.cases.find((item) => item.image === image);
    if (held && (undone || held.now?.action === body.action)) this.place(image, told.now);
    this.panel.hint(done ? "" : `${told.message} ${told.hint}`, !done);
    if (undone && done) this.goBack(held, told);
    else this.panel.showCase(this);
  }

  goBack(held, { image, undone }) {
    if (!held) return this.panel.hint(`Taken back: ${undone.verdict}, ${image}, which is not in this list.`);
    this.drafts.set(image, { artifacts: new Set(undone.artifacts), comment: undone.comment });
    this.panel.hint(`Taken back: ${undone.verdict}.`);
    return this.go(this.cases.indexOf(held));
  }

  place(image, now) {
    const held = this.cases.find((item) => item.image === image);
    if (held) held.now = now;
  }

  go(index) {
    const to = Math.min(Math.max(index, 0), this.cases.length - 1);
    if (index >= this.cases.length) this.panel.hint("This was the last image of the list.");
    const moved = to !== this.index;
    this.index = to;
    this.panel.showCase(this);
    if (!moved) return;
    this.state = "loading";
    this.panel.busy("Loading …");
    this.queue = this.queue.then(() => this.draw(to));
  }

  async draw(index) {
    if (index !== this.index || this.state !== "loading") return; // moved on meanwhile
    try {
      this.scene.forgetZoom();
      await this.scene.setLayers([layerOf(this.cases[index])]);
      await painted();
      if (index !== this.index) return;
      this.state = "ready";
      this.panel.ready();
      if (index + 1 < this.cases.length) await this.scene.ahead(layerOf(this.cases[index + 1]));
    } catch (error) {
      if (index === this.index) this.fail(error);
    }
  }

  fail({ message }) {
    this.state = "failed";
    this.panel.fail(`${message} It can only be flagged or put off.`);
  }

  close() {
    window.removeEventListener("keydown", this.key, true);
    this.outbox.close();
    this.scene.close();
    this.panel.close();
  }
}

const layerOf = ({ url, title }) => ({ url, title, kind: "image", colour: "", opacity: 1, visible: true, labels: [] });
