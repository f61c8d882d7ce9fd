// The drawing above the picture in each plane: contours, crosshair, side letters, the plane's name and position.
import { PLANES } from "./masks.js";

const NAMES = ["Axial", "Coronal", "Sagittal"];
/** Low and high end of each RAS axis. */
const ENDS = [["L", "R"], ["P", "A"], ["I", "S"]];
const RENDER = 4;

/** A coordinate with its side, `R 26.0`, instead of a sign. */
export const sided = (mm, axis) => `${ENDS[axis][mm <= -0.05 ? 0 : 1]} ${Math.abs(mm).toFixed(1)}`;

export class Overlay {
  constructor(canvas, scene) {
    this.canvas = canvas;
    this.scene = scene;
    this.contours = this.cross = true;
  }

  toggleCross() {
    this.cross = !this.cross;
    this.draw();
  }

  draw() {
    const { nv, layers } = this.scene;
    if (this.canvas.width !== nv.canvas.width) this.canvas.width = nv.canvas.width;
    if (this.canvas.height !== nv.canvas.height) this.canvas.height = nv.canvas.height;
    this.pen = this.canvas.getContext("2d");
    this.pen.setTransform(1, 0, 0, 1, 0, 0);
    this.pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.unit = nv.uiData.dpr || 1;
    this.said = [];
    if (layers.length) nv.screenSlices.forEach((tile, index) => this.tile(tile, index));
    this.canvas.setAttribute("aria-label", this.said.join("; "));
  }

  tile(tile, index) {
    const [left, top, width, height] = tile.leftTopWidthHeight;
    const box = { left, top, width: Math.abs(width), height: Math.abs(height) };
    if (tile.axCorSag === RENDER) return this.rendering(box);
    if (tile.axCorSag > 2) return undefined;
    const map = this.mapping(tile.axCorSag, index, box);
    this.pen.save();
    this.pen.beginPath();
    this.pen.rect(box.left, box.top, box.width, box.height);
    this.pen.clip();
    if (this.contours) this.outline(map);
    if (this.cross) this.crosshair(map, box);
    this.plane(map, box);
    return this.pen.restore();
  }

  /** Canvas pixels to voxel-edge coordinates, measured from the scene itself, so that the letters match the picture. */
  mapping(plane, index, box) {
    const { nv, layers } = this.scene;
    const [u, v, w] = PLANES[plane];
    const dims = [1, 2, 3].map((axis) => layers[0].volume.dimsRAS[axis]);
    const probe = (x, y) => nv.screenXY2TextureFrac(x, y, index, false);
    const [x0, y0, dx, dy] = [box.left + box.width / 4, box.top + box.height / 4, box.width / 2, box.height / 2];
    const [first, second] = [probe(x0, y0), probe(x0 + dx, y0 + dy)];
    const scaleX = dx / ((second[u] - first[u]) * dims[u]);
    const scaleY = dy / ((second[v] - first[v]) * dims[v]);
    const at = nv.scene.crosshairPos;
    return {
      plane, u, v, w, dims, scaleX, scaleY,
      shiftX: x0 - first[u] * dims[u] * scaleX, shiftY: y0 - first[v] * dims[v] * scaleY,
      slice: Math.min(Math.floor(at[w] * dims[w]), dims[w] - 1), cross: [at[u] * dims[u], at[v] * dims[v]],
    };
  }

  outline(map) {
    for (const layer of this.scene.layers) {
      if (!layer.mask || !this.scene.shows(layer) || !layer.mask.sameGrid(map.dims)) continue;
      for (const [value, path] of layer.mask.contours(map.plane, map.slice)) {
        const placed = new Path2D();
        placed.addPath(path, new DOMMatrix([map.scaleX, 0, 0, map.scaleY, map.shiftX, map.shiftY]));
        this.pen.lineCap = "square";
        this.pen.strokeStyle = layer.colours.get(value) ?? layer.colour;
        this.pen.lineWidth = 1.5 * this.unit;
        this.pen.stroke(placed);
      }
    }
  }

  crosshair(map, box) {
    const [x, y] = [map.shiftX + map.cross[0] * map.scaleX, map.shiftY + map.cross[1] * map.scaleY];
    const gap = 9 * this.unit;
    this.pen.strokeStyle = "rgba(140, 190, 230, 0.55)";
    this.pen.lineWidth = this.unit;
    this.pen.beginPath();
    for (const [x0, y0, x1, y1] of [
      [box.left, y, x - gap, y], [x + gap, y, box.left + box.width, y],
      [x, box.top, x, y - gap], [x, y + gap, x, box.top + box.height],
    ]) {
      if (x1 < x0 || y1 < y0) continue;
      this.pen.moveTo(x0, y0);
      this.pen.lineTo(x1, y1);
    }
    this.pen.stroke();
  }

  /** Draws the letters of the rendering from the matrix that draws it: each edge gets the axis closest to it. */
  rendering(box) {
    const { nv } = this.scene;
    const place = [box.left, box.top, box.width, box.height];
    const [matrix] = nv.calculateMvpMatrix(null, place, nv.scene.renderAzimuth, nv.scene.renderElevation);
    if (!matrix.every(Number.isFinite)) return; // nothing is drawn yet
    const [[west, east], [south, north]] = [0, 1].map((row) => {
      const along = ENDS.map((_, axis) => matrix[4 * axis + row]);
      const most = along.map(Math.abs).indexOf(Math.max(...along.map(Math.abs)));
      return along[most] > 0 ? ENDS[most] : [...ENDS[most]].reverse();
    });
    this.said.push(`3-D, ${west} on the left`);
    this.captions("3-D", [west, east, north, south], box);
  }

  plane(map, box) {
    const [west, east] = map.scaleX > 0 ? ENDS[map.u] : [...ENDS[map.u]].reverse();
    const [north, south] = map.scaleY > 0 ? ENDS[map.v] : [...ENDS[map.v]].reverse();
    const roomy = box.width > 190 * this.unit; // else the caption runs into the letter at the top
    const position = roomy ? `${NAMES[map.plane]}  ${sided(this.scene.mm[map.w], map.w)}` : NAMES[map.plane];
    this.said.push(`${position}, ${west} on the left`);
    this.captions(position, [west, east, north, south], box);
  }

  captions(title, [west, east, north, south], box) {
    const inset = 10 * this.unit;
    const [right, bottom] = [box.left + box.width, box.top + box.height];
    const [middleX, middleY] = [box.left + box.width / 2, box.top + box.height / 2];
    this.text(title, box.left + inset, box.top + inset, "left", "top");
    this.letter(west, box.left + inset, middleY, "left", "middle");
    this.letter(east, right - inset, middleY, "right", "middle");
    this.letter(north, middleX, box.top + inset, "center", "top");
    this.letter(south, middleX, bottom - inset, "center", "bottom");
  }

  letter(text, x, y, align, baseline) {
    this.text(text, x, y, align, baseline, "600 14px", "#d7e3ee");
  }

  text(text, x, y, align, baseline, font = "12px", colour = "#9fb0c0") {
    const [weight, size] = font.includes(" ") ? font.split(" ") : ["400", font];
    this.pen.font = `${weight} ${parseInt(size, 10) * this.unit}px "Source Sans", system-ui, sans-serif`;
    Object.assign(this.pen, { textAlign: align, textBaseline: baseline, shadowColor: "#000", shadowBlur: 4 * this.unit });
    this.pen.fillStyle = colour;
    this.pen.fillText(text, x, y);
    this.pen.shadowBlur = 0;
  }
}
