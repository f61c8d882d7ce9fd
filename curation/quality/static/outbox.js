// Verdicts on their way to the server: sent one by one in order, kept in the browser until the server has confirmed each.

const PAUSE_MS = [500, 1000, 2000, 5000];

export class Outbox {
  /** `name` holds rater and registry, so that a verdict kept for one is never sent for another. */
  constructor(name, { answered, changed }) {
    this.prefix = `cohortium/quality/${name}/`;
    this.answered = answered;
    this.changed = changed;
    this.waiting = kept(this.prefix);
    this.trouble = "";
    this.refused = false;
    window.addEventListener("beforeunload", this.warn);
    this.run();
  }

  /** Takes an action and returns its id. */
  add(path, body) {
    const action = `${Date.now().toString(36)}-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
    const item = { path, at: Date.now(), body: { ...body, action } };
    this.waiting.push(item);
    attempt(() => localStorage.setItem(this.prefix + action, JSON.stringify(item)));
    this.run();
    return action;
  }

  async run() {
    if (this.running) return;
    this.running = true;
    for (let tries = 0; this.waiting.length && !this.refused; ) {
      const sent = await send(this.waiting[0]);
      const nothingToUndo = sent.status === 422 && this.waiting[0].path.endsWith("undo");
      if (sent.status === 200 || sent.status === 409 || nothingToUndo) {
        this.settle(sent);
        tries = 0;
      } else {
        this.trouble = sent.told.message;
        this.refused = sent.status === 422;
        this.changed();
        if (!this.refused) await new Promise((done) => setTimeout(done, PAUSE_MS[Math.min(tries++, PAUSE_MS.length - 1)]));
      }
    }
    this.running = false;
  }

  settle({ status, told }) {
    const item = this.forget();
    this.trouble = "";
    this.answered(item, told, status === 200);
    this.changed();
  }

  /** Gives up the first verdict; only a person decides that. */
  discard() {
    this.forget();
    this.refused = false;
    this.trouble = "";
    this.changed();
    this.run();
  }

  forget() {
    const item = this.waiting.shift();
    attempt(() => localStorage.removeItem(this.prefix + item.body.action));
    return item;
  }

  warn = (event) => {
    if (this.waiting.length) event.preventDefault();
  };

  /** Stops reporting to a page that is gone; verdicts that wait are still sent. */
  close() {
    this.answered = this.changed = () => {};
  }
}

async function send({ path, body }) {
  try {
    const response = await fetch(path, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), keepalive: true,
    });
    const told = await response.json().catch(() => ({ message: `the server answered ${response.status}` }));
    return { status: response.status, told };
  } catch {
    return { status: 0, told: { message: "the server does not answer" } };
  }
}

/** Verdicts that an earlier page could not send, oldest first. Two pages may send one: its id makes it count once. */
function kept(prefix) {
  const found = attempt(() => Object.keys(localStorage).filter((key) => key.startsWith(prefix))) ?? [];
  const items = found.map((key) => attempt(() => JSON.parse(localStorage.getItem(key)))).filter(Boolean);
  return items.sort((one, other) => one.at - other.at);
}

/** The result of work with the browser's storage; where the browser refuses it, only this page keeps the verdicts. */
function attempt(work) {
  try {
    return work();
  } catch {
    return undefined;
  }
}
