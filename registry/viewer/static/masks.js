// Label volumes on the image's RAS voxel grid, and their contours along voxel edges, which are never smoothed.

/** In-plane axes (u, v) and the through-plane axis of axial, coronal and sagittal slices. */
export const PLANES = [[0, 1, 2], [0, 2, 1], [1, 2, 0]];

export class Mask {
  constructor(volume) {
    this.dims = [1, 2, 3].map((axis) => volume.dimsRAS[axis]);
    this.data = toRas(volume, this.dims);
    this.cache = new Map();
  }

  at([x, y, z]) {
    return this.data[x + this.dims[0] * (y + this.dims[1] * z)] ?? 0;
  }

  sameGrid(dims) {
    return dims.every((size, axis) => size === this.dims[axis]);
  }

  /** A map of label value to Path2D, in voxel-edge coordinates of one slice. */
  contours(plane, slice) {
    const key = plane * 100000 + slice;
    if (!this.cache.has(key)) {
      if (this.cache.size > 200) this.cache.clear();
      this.cache.set(key, this.trace(plane, slice));
    }
    return this.cache.get(key);
  }

  trace(plane, slice) {
    const [u, v, w] = PLANES[plane];
    const stride = [1, this.dims[0], this.dims[0] * this.dims[1]];
    const [nu, nv] = [this.dims[u], this.dims[v]];
    const value = (a, b) =>
      a < 0 || b < 0 || a >= nu || b >= nv ? 0 : this.data[a * stride[u] + b * stride[v] + slice * stride[w]];
    const paths = new Map();
    const edge = (label, x0, y0, x1, y1) => {
      if (!paths.has(label)) paths.set(label, new Path2D());
      paths.get(label).moveTo(x0, y0);
      paths.get(label).lineTo(x1, y1);
    };
    for (let b = 0; b <= nv; b += 1) {
      for (let a = 0; a <= nu; a += 1) {
        const here = value(a, b);
        const [before, below] = [value(a - 1, b), value(a, b - 1)];
        if (here !== before) edge(here || before, a, b, a, b + 1);
        if (here !== below) edge(here || below, a, b, a + 1, b);
      }
    }
    return paths;
  }
}

function toRas(volume, [nx, ny, nz]) {
  const { img, img2RASstart: start, img2RASstep: step } = volume;
  const data = new Uint16Array(nx * ny * nz);
  let target = 0;
  for (let z = 0; z < nz; z += 1) {
    for (let y = 0; y < ny; y += 1) {
      let source = start[2] + z * step[2] + start[1] + y * step[1] + start[0];
      for (let x = 0; x < nx; x += 1, source += step[0], target += 1) data[target] = img[source];
    }
  }
  return data;
}

/** The 0-based (i, j, k) of a RAS voxel in the file's own order. */
export function storedVoxel(volume, ras) {
  let index = ras.reduce((sum, r, axis) => sum + volume.img2RASstart[axis] + r * volume.img2RASstep[axis], 0);
  return [1, 2, 3].map((axis) => {
    const size = volume.hdr.dims[axis];
    const position = index % size;
    index = Math.floor(index / size);
    return position;
  });
}
