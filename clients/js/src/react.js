// React hooks for ChatKit. react.d.ts describes the exports.

import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { ChatStore } from './chat.js';

const STORE = Symbol('store');

/** What a component sees of a store. It renders again only if something changes that it has read. */
class View {
  #store;
  #used = new Set(); // names
  #shown; // { snapshot, view }

  constructor(store) {
    this.#store = store;
  }

  get = () => {
    const { snapshot } = this.#store;
    if (this.#shown && [...this.#used].every((name) => Object.is(snapshot[name], this.#shown.snapshot[name]))) {
      this.#shown.snapshot = snapshot; // The component can read more of it later.
    } else {
      this.#shown = this.#show(snapshot);
    }

    return this.#shown.view;
  };

  #show(snapshot) {
    const view = Object.defineProperty({ ...this.#store.actions }, STORE, { value: this.#store });
    const shown = { snapshot, view };
    for (const name of Object.keys(snapshot)) {
      Object.defineProperty(view, name, {
        enumerable: true,
        get: () => {
          this.#used.add(name);
          return shown.snapshot[name];
        },
      });
    }

    return shown;
  }
}

function useView(store) {
  const { get } = useMemo(() => new View(store), [store]);
  return useSyncExternalStore(store.subscribe, get, get);
}

/** A connection that stays open while the component is mounted. */
export function useChat(url, options = {}) {
  const address = url ? String(url) : undefined;
  let [store, setStore] = useState(() => new ChatStore(address, options));
  if (store.url !== address) {
    store = new ChatStore(address, options);
    setStore(store);
  }

  useEffect(() => {
    store.options = options;
  });
  return useView(store);
}

/** A room of the connection: the home room, or one that the client joins while a component uses it. */
export function useRoom(chat, name) {
  return useView(chat[STORE].room(name));
}
