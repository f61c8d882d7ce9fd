// Runs in the page for each mount and each change of data: fetches the viewer from the app's own server.
export default function mount(component) {
  const { parentElement } = component;
  const loading = import(`${window.location.origin}/assets/viewer/viewer.js`);
  loading
    .then((viewer) => viewer.update(component))
    .catch(() => {
      const note = document.createElement("p");
      note.textContent = "The viewer is served by the command `cohortium serve`; start the app with it.";
      parentElement.replaceChildren(note);
    });
  return () => loading.then((viewer) => viewer.dispose(parentElement)).catch(() => {});
}
