// Parts that the panels around a picture share. Text from the registry is set as text, never as HTML.

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

const MOST_CRAMPED = 240; // CSS pixels; in a smaller window the page is scrolled
const MARGIN = 16;

/** How far the page is scrolled. */
function scrolled(node) {
  let sum = 0;
  for (let at = node; at; at = at.parentNode ?? at.host) sum += at.scrollTop ?? 0;
  return sum;
}

/** A picture with the drawing above it, a note and the panels around it; an attribute of the root says its state. */
export class Frame {
  /** `kind` is the root's attribute, `data-viewer` or `data-sweep`, that holds `loading`, `ready` or `failed`. */
  constructor(kind, about) {
    this.kind = kind;
    this.room = [MOST_CRAMPED, 1000];
    this.canvas = make("canvas", { className: "picture", tabIndex: 0 });
    this.canvas.setAttribute("aria-label", `Image in three planes. ${about}`);
    this.drawing = make("canvas", { className: "drawing" });
    this.drawing.setAttribute("role", "img"); // its label holds what is written on it
    this.note = make("div", { className: "note" });
  }

  /** Put the parts into the page. */
  mount(parent, className, ...parts) {
    this.root = make("div", { className }, ...parts);
    parent.append(this.root);
    this.tell("loading", "");
    this.bars = new ResizeObserver(this.fit);
    for (const part of parts) if (part !== this.stage) this.bars.observe(part);
    window.addEventListener("resize", this.fit);
  }

  /** Gives the picture the height that the window leaves, within `room`, so that every button below it is in sight. */
  fit = () => {
    const [least, most] = this.room;
    const others = this.root.offsetHeight - this.stage.offsetHeight;
    const left = window.innerHeight - this.root.getBoundingClientRect().top - scrolled(this.root) - others - MARGIN;
    this.stage.style.height = `${Math.round(Math.min(Math.max(left, least), most))}px`;
  };

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
    this.fit();
  }

  close() {
    this.bars.disconnect();
    window.removeEventListener("resize", this.fit);
    this.root.remove();
  }
}

/** Resolves once the picture is on the screen. */
export const painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
