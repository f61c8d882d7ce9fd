// Everything around the picture: tool bar, legend, read-out. Text from the registry is set as text, never as HTML.
import { sided } from "./overlay.js";
import { Frame, group, make } from "./parts.js";
import { dragWindow } from "./window.js";

const VIEWS = [["all", "All"], ["axial", "Axial"], ["coronal", "Coronal"], ["sagittal", "Sagittal"], ["render", "3-D"]];
const SIDES = { true: "Radiological: R on the left", false: "Neurological: L on the left" };
const STEPS = {
  ArrowLeft: [-1, 0, 0], ArrowRight: [1, 0, 0], ArrowUp: [0, 1, 0], ArrowDown: [0, -1, 0], PageUp: [0, 0, 1], PageDown: [0, 0, -1],
};

export class Panel extends Frame {
  constructor(parent, viewer) {
    super("viewer", "Arrow keys and Page Up, Page Down move the crosshair; C hides it, M hides the masks.");
    this.viewer = viewer;
    this.stage = make("div", { className: "stage" }, this.canvas, this.drawing, this.note);
    this.legend = make("div", { className: "legend" });
    this.readout = make("div", { className: "readout" });
    this.readout.setAttribute("role", "status");
    this.mount(parent, "viewer", this.tools(), this.stage, this.legend, this.readout);
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.canvas.addEventListener("mousedown", (event) => dragWindow(this.viewer.scene, event), true);
  }

  tools() {
    this.views = VIEWS.map(([name, text]) => button(text, () => this.show(name), name === "all"));
    this.side = button(SIDES.true, () => this.flip());
    this.side.title = "Radiological: R on the left, sagittal with the nose on the left. Neurological: both on the right.";
    this.level = slider("Level", () => this.sendWindow());
    this.width = slider("Width", () => this.sendWindow());
    const reset = button("Reset", () => this.viewer.scene.resetView());
    reset.title = "The window and the zoom as at first";
    return make("div", { className: "bar" }, group("Planes", ...this.views), this.side,
      group("Window", this.level.label, this.width.label), reset, ...this.switches());
  }

  switches() {
    this.cross = toggle("Crosshair", () => this.viewer.overlay.toggleCross(), true);
    this.cross.title = "Show or hide the crosshair (key C)";
    const voxels = toggle("Voxels", (on) => this.viewer.scene.setVoxels(on), false);
    voxels.title = "Each voxel as it is, instead of smooth";
    return [this.cross, voxels];
  }

  show(name) {
    this.views.forEach((view, index) => view.setAttribute("aria-pressed", VIEWS[index][0] === name));
    this.viewer.scene.show(name);
  }

  flip() {
    const { scene } = this.viewer;
    scene.setRadiological(!scene.radiological);
    this.side.textContent = SIDES[scene.radiological];
  }

  key(event) {
    const pressed = { c: this.cross, m: this.masks }[event.key.toLowerCase()];
    const known = pressed || (event.key in STEPS && event.target === this.canvas);
    if (!known || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation(); // every other key is the page's: it has shortcuts of its own
    if (pressed) pressed.click();
    else this.step(...STEPS[event.key]);
  }

  step(x, y, z) {
    this.viewer.scene.step(this.viewer.scene.radiological ? -x : x, y, z);
  }

  setLayers({ layers, missing }, range) {
    const masks = layers.filter((layer) => layer.kind === "label");
    this.legend.replaceChildren(...layers.slice(1).map((layer) => this.chip(layer)));
    this.legend.append(...missing.map(unavailable));
    this.masks = undefined;
    if (masks.length) this.legend.append(...this.maskTools(masks));
    this.names = new Map(masks.map((layer) => [layer.title, layer]));
    this.span = range.most - range.least || 1;
    for (const item of [this.level, this.width]) Object.assign(item.input, { step: this.span / 500, min: 0 });
    Object.assign(this.level.input, { min: range.least, max: range.most });
    Object.assign(this.width.input, { min: this.span / 500, max: this.span * 1.2 });
    this.showWindow(range);
  }

  chip(layer) {
    const swatch = make("i", { className: "swatch" });
    swatch.style.setProperty("--colour", layer.kind === "label" ? layer.colour : "#888");
    const chip = make("button", { className: "chip", type: "button" }, swatch, make("span", { textContent: layer.title }));
    chip.setAttribute("aria-pressed", layer.visible);
    chip.addEventListener("click", () => {
      layer.visible = !layer.visible;
      chip.setAttribute("aria-pressed", layer.visible);
      this.viewer.scene.refresh();
    });
    return chip;
  }

  maskTools(masks) {
    const opacity = slider("Fill", () => {
      for (const layer of masks) layer.opacity = Number(opacity.input.value);
      this.viewer.scene.refresh();
    });
    Object.assign(opacity.input, { min: 0, max: 1, step: 0.01, value: masks[0].opacity });
    const { overlay, scene } = this.viewer;
    const contour = toggle("Contours", (on) => { overlay.contours = on; overlay.draw(); }, overlay.contours);
    this.masks = toggle("Masks", (on) => { scene.masks = on; scene.refresh(); }, scene.masks);
    this.masks.title = "Show or hide all masks (key M)";
    return [make("span", { className: "space" }), this.masks, contour, opacity.label];
  }

  sendWindow() {
    const [level, width] = [Number(this.level.input.value), Number(this.width.input.value)];
    this.viewer.scene.setWindow(level - width / 2, level + width / 2);
  }

  showWindow({ low, high }) {
    for (const [item, value] of [[this.level, (low + high) / 2], [this.width, high - low]]) {
      item.input.value = value;
      item.number.textContent = Number(value.toPrecision(3));
    }
  }

  showPlace({ mm, voxel, intensity, labels }) {
    const place = mm.map((value, axis) => sided(value, axis)).join("   ");
    const hits = labels.filter(([, value]) => value).map(([title, value]) => {
      const known = this.names?.get(title)?.labels.find((label) => label.value === value);
      return known ? `${title}: ${known.name}` : title;
    });
    const cells = [["Position", `${place} mm`], ["Voxel", voxel.join(", ")], ["Intensity", Number(intensity.toPrecision(5))]];
    if (this.names?.size || labels.length) cells.push(["Marked by", hits.join(" · ") || "none"]);
    this.readout.replaceChildren(...cells.map(([name, text]) =>
      make("span", {}, make("b", { textContent: name }), make("span", { textContent: text }))));
  }

  setHeight(height) {
    this.room = [Math.min(400, height), height];
    this.fit();
  }
}

/** A chip that names a layer that could not be fetched, with the reason. */
function unavailable({ title, reason }) {
  const chip = make("span", { className: "chip missing", textContent: `${title}: not available`, title: reason });
  chip.setAttribute("role", "note");
  return chip;
}

function button(text, action, pressed) {
  const element = make("button", { type: "button", textContent: text });
  if (pressed !== undefined) element.setAttribute("aria-pressed", pressed);
  element.addEventListener("click", action);
  return element;
}

/** A button that stays pressed; the action gets whether it is pressed. */
function toggle(text, action, pressed) {
  const element = button(text, () => {
    const on = element.getAttribute("aria-pressed") !== "true";
    element.setAttribute("aria-pressed", on);
    action(on);
  }, pressed);
  return element;
}

function slider(name, action) {
  const [input, number] = [make("input", { type: "range" }), make("output", {})];
  input.addEventListener("input", action);
  return { input, number, label: make("label", {}, make("span", { textContent: name }), input, number) };
}
