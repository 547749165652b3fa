/** Keeps values across a reload. The browser's storage can be absent, full, blocked, or contain something else. */
export class Store {
  storage;

  /** Without a storage, takes that of the page. Null means none. */
  constructor(storage) {
    try {
      this.storage = storage === undefined ? document && sessionStorage : storage;
    } catch {} // It is blocked, or there is no page.
  }

  read(key) {
    try {
      return JSON.parse(this.storage.getItem(key));
    } catch {}
  }

  write(key, value) {
    try {
      if (value) this.storage.setItem(key, JSON.stringify(value));
      else this.storage.removeItem(key);
    } catch {}
  }
}
