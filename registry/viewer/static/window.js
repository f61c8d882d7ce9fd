// The window of grey values, set with the mouse.

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
