// What the panels around a picture share. Text from the registry is only ever set as text.

export function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export function group(name, ...children) {
  const element = make("div", { className: "group" }, ...children);
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", name);
  return element;
}

/** A picture with what is drawn above it, a note, and all around it; the root tells how far it is. */
export class Frame {
  /** `kind` is the attribute of the root, `data-viewer` or `data-sweep`, that says `loading`, `ready` or `failed`. */
  constructor(kind, about) {
    this.kind = kind;
    this.canvas = make("canvas", { className: "picture", tabIndex: 0 });
    this.canvas.setAttribute("aria-label", `Image in three planes. ${about}`);
    this.drawing = make("canvas", { className: "drawing" });
    this.drawing.setAttribute("role", "img"); // its label holds what is written on it
    this.note = make("div", { className: "note" });
  }

  /** Put the parts into the page. */
  mount(parent, className, ...parts) {
    this.root = make("div", { className }, ...parts);
    this.tell("loading", "");
    parent.append(this.root);
  }

  busy(text) {
    this.tell("loading", text);
  }

  fail(text) {
    this.tell("failed", text);
  }

  ready() {
    this.tell("ready", "");
  }

  tell(state, text) {
    this.root.dataset[this.kind] = state;
    this.note.textContent = text;
  }

  close() {
    this.root.remove();
  }
}

/** Resolves once the picture is on the screen. */
export const painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
