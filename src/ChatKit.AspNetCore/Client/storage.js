/** Keeps values across a reload. The browser's storage can be absent, full, blocked, or contain something else. */
export class Store {
  #storage;

  constructor(storage) {
    this.#storage = storage;
  }

  get isNone() {
    return !this.#storage;
  }

  read(key) {
    try {
      return JSON.parse(this.#storage.getItem(key));
    } catch {}
  }

  write(key, value) {
    try {
      if (value) this.#storage.setItem(key, JSON.stringify(value));
      else this.#storage.removeItem(key);
    } catch {}
  }
}
