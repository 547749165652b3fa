import { byId, create } from './dom.js';
import { createDay, createDivider, createGap, createPending, group, showReaders } from './items.js';

const MAX_ITEMS = 500;

/** The messages, notices, and separators of a room, followed by the pending messages. Only that of the open room is in the document. */
export class Transcript {
  #view = byId('transcript-template').content.cloneNode(true).firstElementChild;
  #list = this.#view.querySelector('#messages');
  #pending = this.#view.querySelector('#pending');
  #older = this.#view.querySelector('#older');
  #log = this.#view.querySelector('#log');
  #byPosition = new Map();
  #pinned = true;
  #lastTop = 0;
  #unseen = 0;
  #isLoading = false;
  #handlers;
  #resizing = new ResizeObserver(() => this.#keepPinned());

  /** @param handlers `older`: gets older messages; `seen`: the user has scrolled to the end; `unseen`: their number has changed. */
  constructor(handlers) {
    this.#handlers = handlers;
    this.#view.addEventListener('scroll', () => this.#scrolled());
    this.#older.addEventListener('click', () => this.#loadOlder());
  }

  get isAtEnd() {
    return this.#pinned;
  }

  get hasOlder() {
    return !this.#older.hidden;
  }

  set hasOlder(value) {
    this.#older.hidden = !value;
  }

  get messages() {
    return [...this.#byPosition.values()];
  }

  get firstPosition() {
    return this.#list.querySelector('.message')?.position;
  }

  get(position) {
    return this.#byPosition.get(position);
  }

  /** Puts the room into the document, where the user has left it. */
  open() {
    byId('view').prepend(this.#view);
    this.#resizing.observe(this.#view);
    this.#view.scrollTop = this.#lastTop;
    this.#keepPinned();
    this.#showUnseen(this.#unseen);
  }

  close() {
    this.announce(false);
    this.#resizing.disconnect();
    this.#lastTop = this.#view.scrollTop;
    this.#view.remove();
  }

  focus() {
    this.#view.focus();
  }

  /** Whether screen readers read what is added. */
  announce(isOn) {
    this.#log.ariaLive = isOn ? 'polite' : 'off';
  }

  add(item) {
    this.#noticeScroll();
    if (this.#list.lastElementChild?.dataset.day !== item.dataset.day) this.#list.append(createDay(item.at));
    this.#list.append(item);
    if (item.position) this.#byPosition.set(item.position, item);
    group(item);
    this.#trim();
    this.#keepPinned();
  }

  addGap(text) {
    this.add(createGap(this.#list.lastElementChild?.at ?? new Date(), text));
  }

  /** Puts older messages before the others, and offers still older ones. What the user sees doesn't move. */
  prepend(items, hasOlder) {
    const before = this.#view.scrollHeight - this.#view.scrollTop;
    this.hasOlder = hasOlder;
    if (items.length > 0) this.#insertFirst(items);
    this.#view.scrollTop = this.#view.scrollHeight - before;
    this.#lastTop = this.#view.scrollTop;
  }

  #insertFirst(items) {
    const next = this.#list.firstElementChild;
    if (next?.matches('.day') && next.dataset.day === items.at(-1).dataset.day) next.remove();
    const first = this.#list.firstElementChild;
    let day;
    for (const item of items) {
      if (item.dataset.day !== day) {
        const separator = createDay(item.at);
        this.#list.insertBefore(separator, first);
        day = item.dataset.day;
      }
      this.#list.insertBefore(item, first);
      group(item);
    }
    group(first);
    this.#byPosition = new Map([...items.map((item) => [item.position, item]), ...this.#byPosition]);
  }

  /** Shows where the messages begin that the user hasn't read, and scrolls there. */
  divide(item) {
    this.#list.querySelector('.unread')?.remove();
    if (!item) return;
    const divider = createDivider(item.at);
    this.#list.insertBefore(divider, item);
    group(item);
    divider.scrollIntoView({ block: 'center' });
    this.#lastTop = this.#view.scrollTop;
    this.#pinned = this.#isNearEnd();
  }

  /** Shows the names of those who have read up to a message below it. */
  showReaders(positions) {
    this.#noticeScroll();
    for (const item of this.#byPosition.values()) {
      const names = [...positions].filter(([, position]) => position === item.position).map(([name]) => name);
      if (names.length || item.querySelector('.seen')) showReaders(item, names.filter((name) => name !== item.from));
    }
    this.#keepPinned();
  }

  /** Shows the pending messages. Refused messages stay until the user edits them. */
  showPending(pending) {
    this.#noticeScroll();
    const messages = pending.filter(({ kind }) => kind === 'message');
    const changing = new Set(pending.map(({ position }) => position));
    for (const [position, item] of this.#byPosition) item.classList.toggle('changing', changing.has(position));
    const refs = new Set(messages.map(({ ref }) => ref));
    for (const item of [...this.#pending.children]) {
      if (!refs.has(item.dataset.ref) && !item.matches('.refused')) item.remove();
    }
    for (const { ref, data } of messages) {
      if (!this.#findPending(ref)) this.#pending.append(createPending(ref, data));
    }
    this.#keepPinned();
  }

  showRefused(ref, data, fate, onEdit) {
    this.#noticeScroll();
    const item = this.#findPending(ref) ?? createPending(ref, data);
    this.#pending.append(item);
    const edit = create('button', { type: 'button', className: 'quiet', textContent: 'Edit' });
    edit.addEventListener('click', () => {
      item.remove();
      onEdit(data);
    });
    item.classList.add('refused');
    item.querySelector('.fate').replaceChildren(fate, edit);
    this.#keepPinned();
  }

  countUnseen(count) {
    if (!this.#pinned) this.#showUnseen(this.#unseen + count);
  }

  scrollToEnd() {
    this.#view.scrollTop = this.#view.scrollHeight;
    this.#lastTop = this.#view.scrollTop;
    this.#pinned = true;
    this.#showUnseen(0);
  }

  /** Gets older messages if there are too few to scroll. */
  fill() {
    if (this.#view.scrollHeight <= this.#view.clientHeight) this.#loadOlder();
  }

  async #loadOlder() {
    if (this.#isLoading || !this.hasOlder) return;
    this.#isLoading = true;
    const hadFocus = document.activeElement === this.#older;
    try {
      await this.#handlers.older();
    } finally {
      this.#isLoading = false;
    }
    if (hadFocus && !this.hasOlder) this.focus();
  }

  #findPending(ref) {
    return [...this.#pending.children].find((item) => item.dataset.ref === ref);
  }

  // The first item is always a day separator. It stays as long as its day has other items. Nothing is removed while the user reads older messages.
  #trim() {
    if (!this.#pinned) return;
    while (this.#list.childElementCount > MAX_ITEMS) {
      const day = this.#list.firstElementChild;
      const removed = day.nextElementSibling;
      this.#byPosition.delete(removed.position);
      if (removed.position) this.hasOlder = true;
      removed.remove();
      group(day.nextElementSibling);
      if (day.nextElementSibling.matches('.day')) day.remove();
    }
  }

  #keepPinned() {
    if (this.#pinned) this.scrollToEnd();
  }

  /** The reader may have scrolled up since the last event. Otherwise what is added would move them back to the end. */
  #noticeScroll() {
    if (this.#view.isConnected && this.#view.scrollTop < this.#lastTop) this.#scrolled();
  }

  #isNearEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#view;
    return scrollHeight - scrollTop - clientHeight < 40;
  }

  // The view may have been resized since the scroll event was queued. Only a move up is always caused by the reader.
  #scrolled() {
    const { scrollTop } = this.#view;
    const isUp = scrollTop < this.#lastTop;
    if (this.#isNearEnd()) this.#pinned = true;
    else if (isUp) this.#pinned = false;
    this.#lastTop = scrollTop;
    if (this.#pinned) {
      this.#showUnseen(0);
      this.#handlers.seen();
    } else if (isUp && scrollTop < 200) {
      this.#loadOlder();
    }
  }

  #showUnseen(count) {
    this.#unseen = count;
    if (this.#view.isConnected) this.#handlers.unseen(count);
  }
}
