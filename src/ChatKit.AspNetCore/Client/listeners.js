export class Listeners {
  #byType = {};

  on(type, listener) {
    const listeners = (this.#byType[type] ??= new Set());
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  call(type, event) {
    for (const listener of [...(this.#byType[type] ?? [])]) {
      try {
        listener(event);
      } catch (error) {
        reportError(error);
      }
    }
  }

  clear() {
    this.#byType = {};
  }
}
