// NiiVue with the settings of this app. Layers are kept by address: switching one never reloads another.
import { Mask, PLANES, storedVoxel } from "./masks.js";
import { startingWindow } from "./window.js";

const SHOWN = { all: 3, planes: 3, axial: 0, coronal: 1, sagittal: 2, render: 4 };
/** Axial large on the left, the other planes and the rendering beside it; shares of the stage. */
const LAYOUT = [
  { sliceType: 0, position: [0, 0, 0.46, 1] }, { sliceType: 1, position: [0.46, 0, 0.27, 0.5] },
  { sliceType: 2, position: [0.73, 0, 0.27, 0.5] }, { sliceType: 4, position: [0.46, 0.5, 0.54, 0.5] },
];
/** The same four in a square, for a narrow column. */
const SQUARE = [
  { sliceType: 0, position: [0, 0, 0.5, 0.5] }, { sliceType: 1, position: [0.5, 0, 0.5, 0.5] },
  { sliceType: 2, position: [0, 0.5, 0.5, 0.5] }, { sliceType: 4, position: [0.5, 0.5, 0.5, 0.5] },
];
/** Three planes without the rendering: in a row, the axial one large on the left, or in a narrow column above. */
const ROW = [0, 1, 2].map((sliceType) => ({ sliceType, position: [sliceType / 3, 0, 1 / 3, 1] }));
const LEFT = [
  { sliceType: 0, position: [0, 0, 0.55, 1] }, { sliceType: 1, position: [0.55, 0, 0.45, 0.5] },
  { sliceType: 2, position: [0.55, 0.5, 0.45, 0.5] },
];
const STACK = [
  { sliceType: 0, position: [0, 0, 1, 0.6] }, { sliceType: 1, position: [0, 0.6, 0.5, 0.4] },
  { sliceType: 2, position: [0.5, 0.6, 0.5, 0.4] },
];
const LABEL_INTENT = 1002; // NIfTI's intent code for label maps: nearest neighbour and a colour per value

export class Scene {
  /** `view` is shown at first; `planes` has no rendering at all, which makes a change of image faster. */
  constructor(canvas, view = "all") {
    this.canvas = canvas;
    this.view = view;
    this.layers = [];
    this.masks = true;
    this.fetched = new Map();
    this.onDraw = this.onLocation = this.onWindow = () => {};
    this.starting = this.start();
  }

  async start() {
    await import(`${window.location.origin}/assets/niivue.js`); // a UMD bundle: leaves `niivue` behind
    this.nv = new window.niivue.Niivue({
      logLevel: "error", backColor: [0, 0, 0, 1], loadingText: "", crosshairWidth: 0,
      isOrientationTextVisible: false, multiplanarShowRender: this.view === "planes" ? 0 : 1, multiplanarPadPixels: 6, dragMode: 0,
      isRadiologicalConvention: true, sagittalNoseLeft: true, dragAndDropEnabled: false, viewModeHotKey: "", clipPlaneHotKey: "",
      cycleClipPlaneHotKey: "", isNearestInterpolation: false, show3Dcrosshair: false, tileMargin: 0,
    });
    this.nv.keyDownListener = this.nv.keyUpListener = () => {}; // NiiVue's own keys are silent: the page has others
    await this.nv.attachToCanvas(this.canvas);
    if (this.view !== "planes") await this.light();
    this.nv.setGradientOpacity(0.5);
    this.nv.scene.volScaleMultiplier = 1.4;
    const draw = this.nv.drawScene.bind(this.nv);
    this.nv.drawScene = () => {
      const result = draw();
      this.onDraw();
      return result;
    };
    this.resizing = new ResizeObserver(() => this.layers.length && this.show(this.view));
    this.resizing.observe(this.canvas.parentElement);
    this.nv.onLocationChange = (place) => this.located(place);
  }

  /** Sets a light without colour; NiiVue's own has a warm reflection, which looks like a mark on the brain. */
  async light() {
    const ball = Object.assign(document.createElement("canvas"), { width: 128, height: 128 });
    const pen = ball.getContext("2d");
    const shade = pen.createRadialGradient(56, 46, 6, 64, 64, 88);
    ["#fff", "#c4c4c4", "#4a4a4a"].forEach((grey, index) => shade.addColorStop(index / 2, grey));
    pen.fillStyle = shade;
    pen.fillRect(0, 0, 128, 128);
    await this.nv.loadMatCapTexture(ball.toDataURL());
    await this.nv.setVolumeRenderIllumination(0.4);
  }

  async setLayers(wanted) {
    await this.starting;
    const kept = wanted[0].url === this.layers[0]?.url ? this.layers : [];
    if (kept.length === 0) this.nv.volumes = [];
    for (const old of kept) {
      if (!wanted.some((layer) => same(layer, old))) this.nv.removeVolume(old.volume);
    }
    this.missing = [];
    const held = await Promise.all(wanted.map((layer, index) => this.hold(layer, kept, index === 0)));
    this.layers = held.filter(Boolean);
    this.nv.volumes = this.layers.map((layer) => layer.volume);
    for (const layer of this.layers) if (layer.kind === "label") layer.volume.setColormapLabel(lutOf(layer));
    this.fade();
    this.nv.setVolume(this.layers[0].volume, 0); // also sends all volumes to the graphics card
    if (kept.length === 0) this.show(this.view);
    this.nv.createOnLocationChange();
  }

  /** Fetches an image ahead, so that `setLayers` draws it at once; only the last one fetched ahead is kept. */
  async ahead(layer) {
    await this.starting;
    if (this.fetched.has(layer.url)) return;
    this.fetched.clear();
    const reading = read(layer, true);
    reading.catch(() => this.fetched.delete(layer.url)); // asked again, and explained, when it is wanted
    this.fetched.set(layer.url, reading);
  }

  /** Loads one layer with its voxels. A missing image is an error; a missing mask leaves the rest in place. */
  async hold(layer, kept, first) {
    const old = kept.find((candidate) => same(layer, candidate));
    try {
      const voxels = old ?? (await ((first && this.fetched.get(layer.url)) || read(layer, first)));
      this.fetched.delete(layer.url);
      return { ...layer, ...voxels, ...styleOf(layer, first), visible: (old ?? layer).visible };
    } catch (error) {
      if (first) throw error;
      this.missing.push({ title: layer.title, reason: error.message });
      return null;
    }
  }

  /** Sends opacity and visibility to the graphics card. */
  refresh() {
    this.fade();
    this.nv.updateGLVolume();
  }

  fade() {
    for (const layer of this.layers) layer.volume.opacity = this.shows(layer) ? layer.opacity : 0;
  }

  /** Whether a mask is shown: it can be switched off alone, or with all others. */
  shows(layer) {
    return layer.visible && (this.masks || layer.kind !== "label");
  }

  /** Nearest neighbour shows each voxel as it is. */
  setVoxels(on) {
    this.nv.setInterpolation(on);
  }

  located(place) {
    const image = this.layers[0].volume;
    const ras = Array.from(place.vox, (value, axis) => Math.min(Math.max(Math.round(value), 0), image.dimsRAS[axis + 1] - 1));
    this.ras = ras;
    this.place = {
      mm: this.mm,
      voxel: storedVoxel(image, ras),
      intensity: image.getValue(...ras),
      labels: this.layers.filter((layer) => layer.mask).map((layer) => [layer.title, layer.mask.at(ras)]),
    };
    this.onLocation(this.place);
  }

  /** RAS millimetres of the crosshair in the image that is drawn; read from NiiVue each time, never kept. */
  get mm() {
    return Array.from(this.nv.frac2mm(this.nv.scene.crosshairPos, 0, true)).slice(0, 3);
  }

  moveTo(mm) {
    this.nv.scene.crosshairPos = this.nv.mm2frac(mm, 0, true); // by the file's own affine, which may be tilted
    this.nv.createOnLocationChange();
    this.nv.drawScene();
  }

  step(x, y, z) {
    this.nv.moveCrosshairInVox(x, y, z);
  }

  /** The plane at a position in CSS pixels: 0 axial, 1 coronal, 2 sagittal; axial where there is none. */
  planeAt([x, y]) {
    const dpr = this.nv.uiData.dpr || 1;
    const tile = this.nv.screenSlices[this.nv.tileIndex(x * dpr, y * dpr)];
    return tile?.axCorSag in PLANES ? tile.axCorSag : 0;
  }

  /** Moves by a number of slices, towards R, A or S. */
  scroll(plane, slices) {
    const move = [0, 0, 0];
    move[PLANES[plane][2]] = slices;
    if (this.layers.length) this.step(...move);
  }

  show(name) {
    this.view = name;
    const { offsetWidth, offsetHeight } = this.canvas;
    const shape = offsetWidth / offsetHeight;
    const planes = shape > 2.3 ? ROW : shape > 1.1 ? LEFT : STACK;
    this.nv.setCustomLayout({ all: shape > 1.25 ? LAYOUT : SQUARE, planes }[name] ?? []);
    this.nv.setSliceType(SHOWN[name]);
  }

  /** Radiological: the person's right and the nose on the left; neurological: both on the right. */
  setRadiological(on) {
    this.nv.opts.sagittalNoseLeft = on;
    this.nv.setRadiologicalConvention(on);
    this.nv.drawScene();
  }

  get radiological() {
    return this.nv.opts.isRadiologicalConvention;
  }

  windowRange() {
    const { cal_min: low, cal_max: high, global_min: least, global_max: most } = this.layers[0].volume;
    return { low, high, least, most };
  }

  setWindow(low, high) {
    const image = this.layers[0].volume;
    [image.cal_min, image.cal_max] = [low, Math.max(high, low + 1e-6)];
    this.nv.updateGLVolume();
    this.onWindow(this.windowRange());
  }

  /** Resets pan and zoom, so that the next image is seen whole. */
  forgetZoom() {
    if (this.nv) this.nv.scene.pan2Dxyzmm = [0, 0, 0, 1];
  }

  resetView() {
    const image = this.layers[0].volume;
    this.forgetZoom();
    this.nv.scene.volScaleMultiplier = 1.4;
    this.nv.setRenderAzimuthElevation(110, 10);
    this.setWindow(...startingWindow(image));
  }

  close() {
    this.resizing?.disconnect();
    this.nv?.cleanup();
    this.nv?.gl?.getExtension("WEBGL_lose_context")?.loseContext(); // a browser keeps at most 16 of them
  }
}

async function read(layer, first) {
  const response = await fetch(layer.url);
  if (!response.ok) throw new Error(`${layer.title}: ${await response.text()}`);
  const buffer = await response.arrayBuffer();
  const colormap = first ? "gray" : "warm";
  const volume = await window.niivue.NVImage.loadFromUrl({ url: buffer, name: "volume.nii.gz", colormap });
  if (layer.kind === "image") {
    [volume.cal_min, volume.cal_max] = startingWindow(volume);
    return { volume };
  }
  volume.hdr.intent_code = LABEL_INTENT;
  return { volume, mask: new Mask(volume) };
}

// Two raters may return equal bytes: the address alone does not tell layers apart.
const same = (one, other) => one.url === other.url && one.title === other.title && one.kind === other.kind;

const styleOf = ({ title, colour, opacity, labels }, first) => ({
  title, colour, labels, opacity: first ? 1 : opacity,
  colours: new Map(labels.map((label) => [label.value, label.colour || colour])),
});

function lutOf(layer) {
  const values = layer.labels.length
    ? layer.labels.map((label) => label.value)
    : Array.from({ length: Math.max(1, Math.round(layer.volume.global_max)) }, (_, index) => index + 1);
  const colours = values.map((value) => rgb(layer.colours.get(value) ?? layer.colour));
  const channel = (index) => [0, ...colours.map((colour) => colour[index])];
  return { R: channel(0), G: channel(1), B: channel(2), A: [0, ...values.map(() => 255)], I: [0, ...values] };
}

const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
