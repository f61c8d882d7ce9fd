// One viewer per mount: joins the scene (NiiVue), the drawing above it and the panel around it.
import { Overlay } from "./overlay.js";
import { Panel } from "./panel.js";
import { painted } from "./parts.js";
import { Scene } from "./scene.js";

const viewers = new WeakMap();

/** Called for each change of data; the first call makes the viewer. */
export function update({ parentElement, data, setStateValue }) {
  if (!viewers.has(parentElement)) viewers.set(parentElement, new Viewer(parentElement));
  const viewer = viewers.get(parentElement);
  viewer.report = (place) => data.clicks && setStateValue("location", place);
  viewer.queue = viewer.queue.then(() => viewer.apply(data)).catch((error) => viewer.panel.fail(error.message));
  return viewer.queue;
}

export function dispose(parentElement) {
  viewers.get(parentElement)?.close();
  viewers.delete(parentElement);
}

class Viewer {
  constructor(parent) {
    this.queue = Promise.resolve();
    this.report = () => {};
    this.panel = new Panel(parent, this);
    this.scene = new Scene(this.panel.canvas);
    this.overlay = new Overlay(this.panel.drawing, this.scene);
    this.scene.onDraw = () => this.overlay.draw();
    this.scene.onLocation = (place) => this.panel.showPlace(place);
    this.scene.onWindow = (range) => this.panel.showWindow(range);
    this.panel.canvas.addEventListener("click", () => this.scene.place && this.report(this.scene.place));
  }

  /** Only what differs from the last call is loaded or drawn again. */
  async apply(data) {
    this.panel.setHeight(data.height);
    const signature = JSON.stringify(data.layers);
    if (signature !== this.signature) {
      this.panel.busy("Loading volumes …");
      await this.scene.setLayers(data.layers);
      this.signature = signature;
      this.panel.setLayers(this.scene, this.scene.windowRange());
    }
    const at = JSON.stringify(data.at);
    if (data.at && at !== this.at) this.scene.moveTo(data.at);
    this.at = at;
    await painted();
    this.panel.ready();
  }

  close() {
    this.scene.close();
    this.panel.close();
  }
}
