// The window of grey values: where it starts, and how the mouse sets it.

const RADIUS = 0.3; // of the ellipsoid that is sampled, in lengths of the volume's edges: within a head, without its fat
const HEADROOM = 0.25; // above what is bright there, because lesions are brighter still
const FINEST = 96; // most voxels sampled along an edge

/**
 * The window at first, as [low, high]: from the background, which is black, to a quarter above the middle of the volume.
 *
 * Percentiles of all voxels were rejected: bright fat around a head leaves the brain dark, and one negative voxel of a
 * resampled image makes its background grey.
 */
export function startingWindow({ img, hdr, robust_min: least, robust_max: most, global_max: top }) {
  const { middle, corners } = sampled(img, Array.from(hdr.dims).slice(1, 4), hdr.scl_slope || 1, hdr.scl_inter || 0);
  const low = Math.min(share(corners, 0.5), share(middle, 0.02));
  const bright = share(middle, 0.98);
  return bright > low ? [low, Math.min(bright + HEADROOM * (bright - low), top)] : [least, most];
}

/** Values of an ellipsoid around the middle and of the eight corners, without those that are no number. */
function sampled(img, [nx, ny, nz], slope, inter) {
  const found = { middle: [], corners: [] };
  const [xs, ys, zs] = [nx, ny, nz].map(along);
  for (const [z, c] of zs) for (const [y, b] of ys) for (const [x, a] of xs) {
    const inside = a * a + b * b + c * c < RADIUS * RADIUS;
    if (!inside && Math.min(Math.abs(a), Math.abs(b), Math.abs(c)) < 0.4) continue;
    const value = img[x + nx * (y + ny * z)] * slope + inter;
    if (Number.isFinite(value)) (inside ? found.middle : found.corners).push(value);
  }
  return { middle: Float64Array.from(found.middle).sort(), corners: Float64Array.from(found.corners).sort() };
}

/** Samples along an edge: the index, and the distance from the middle in lengths of the edge. */
function along(size) {
  const step = Math.max(1, Math.floor(size / FINEST));
  return Array.from({ length: Math.ceil(size / step) }, (_, at) => [at * step, (at * step + 0.5) / size - 0.5]);
}

const share = (sorted, part) => sorted[Math.floor(part * (sorted.length - 1))];

/** Right button: left-right changes the window's width, up-down its level, as at a reading station. */
export function dragWindow(scene, event) {
  if (event.button !== 2) return;
  event.stopPropagation();
  event.preventDefault();
  const { low, high, least, most } = scene.windowRange();
  const span = most - least || 1;
  const move = (next) => {
    const width = Math.max((high - low) + ((next.clientX - event.clientX) * span) / 400, span / 500);
    const level = (low + high) / 2 + ((event.clientY - next.clientY) * span) / 400;
    scene.setWindow(level - width / 2, level + width / 2);
  };
  window.addEventListener("mousemove", move);
  window.addEventListener("mouseup", () => window.removeEventListener("mousemove", move), { once: true });
}
