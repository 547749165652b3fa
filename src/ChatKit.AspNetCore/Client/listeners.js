/** Listens to an event of the page. Outside of browsers, there is none. */
export const onPage = (type, listener, signal) => globalThis.addEventListener?.(type, listener, { signal });

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
        queueMicrotask(() => {
          throw error; // as if nothing had called the listener
        });
      }
    }
  }

  clear() {
    this.#byType = {};
  }
}
