// A burst of events renders once.
const RENDER_DELAY = 10;

/** A snapshot that changes. It is kept up to date while components subscribe to it. */
export class Store {
  snapshot;

  #listeners = new Set();
  #users = 0;
  #isStarted = false;
  #timer;

  constructor(snapshot) {
    this.snapshot = snapshot;
  }

  subscribe = (listener) => {
    const release = this.hold();
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      release();
    };
  };

  /** Starts with the first user, and stops after the last one: not at once, because another one can follow, as in StrictMode. */
  hold() {
    this.#users++;
    if (!this.#isStarted) {
      this.#isStarted = true;
      this.start();
    }

    return () => {
      if (--this.#users) return;
      setTimeout(() => {
        if (this.#users || !this.#isStarted) return;
        this.#isStarted = false;
        this.stop();
      });
    };
  }

  set(changes) {
    this.snapshot = { ...this.snapshot, ...changes };
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      for (const listener of [...this.#listeners]) listener();
    }, RENDER_DELAY);
  }
}
