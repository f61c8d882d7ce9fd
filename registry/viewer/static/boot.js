// Runs in the page at each mount and each change of data, and fetches the viewer from the app's own server.
export default function mount(component) {
  const { parentElement } = component;
  const loading = import(`${window.location.origin}/assets/viewer/viewer.js`);
  loading
    .then((viewer) => viewer.update(component))
    .catch(() => {
      const note = document.createElement("p");
      note.textContent = "The viewer could not be loaded. Restart the app with `cohortium serve`; if it stays, reinstall Cohortium.";
      parentElement.replaceChildren(note);
    });
  return () => loading.then((viewer) => viewer.dispose(parentElement)).catch(() => {});
}
