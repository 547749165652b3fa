const MAX_ITEMS = 500;
const GROUP_WINDOW = 5 * 60_000;

const timeFormat = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const dayFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'full' });

export const byId = (id) => document.getElementById(id);

/** The list of messages, notices, and separators, followed by the pending messages. */
export class Transcript {
  #view = byId('transcript');
  #list = byId('messages');
  #pending = byId('pending');
  #jump = byId('jump');
  #pinned = true;
  #lastTop = 0;
  #unseen = 0;

  constructor() {
    this.#view.addEventListener('scroll', () => this.#scrolled());
    this.#jump.addEventListener('click', () => {
      this.scrollToEnd();
      this.#view.focus();
    });
    new ResizeObserver(() => this.#keepPinned()).observe(this.#view);
  }

  clear() {
    this.#list.replaceChildren();
    this.#pending.replaceChildren();
    this.scrollToEnd();
  }

  add(item) {
    if (this.#list.lastElementChild?.dataset.day !== item.dataset.day) {
      this.#list.append(createItem('day', item.at, dayFormat.format(item.at)));
    }
    this.#list.append(item);
    group(item);
    this.#trim();
    this.#keepPinned();
  }

  addGap(text) {
    const last = this.#list.lastElementChild;
    this.add(createItem('gap', last?.at ?? new Date(), text));
  }

  /** Shows the pending messages. Refused messages stay until the user edits them. */
  showPending(pending) {
    const refs = new Set(pending.map(({ ref }) => ref));
    for (const item of [...this.#pending.children]) {
      if (!refs.has(item.dataset.ref) && !item.matches('.refused')) item.remove();
    }
    for (const { ref, data } of pending) {
      if (!this.#findPending(ref)) this.#pending.append(createPending(ref, data));
    }
    this.#keepPinned();
  }

  showRefused(ref, data, fate, onEdit) {
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

  #findPending(ref) {
    return [...this.#pending.children].find((item) => item.dataset.ref === ref);
  }

  // The first item is always a day separator. It stays as long as its day has other items.
  #trim() {
    while (this.#list.childElementCount > MAX_ITEMS) {
      const day = this.#list.firstElementChild;
      day.nextElementSibling.remove();
      group(day.nextElementSibling);
      if (day.nextElementSibling.matches('.day')) day.remove();
    }
  }

  #keepPinned() {
    if (this.#pinned) this.scrollToEnd();
  }

  // The view may have been resized since the scroll event was queued. Only a move up is always caused by the reader.
  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#view;
    if (scrollHeight - scrollTop - clientHeight < 40) this.#pinned = true;
    else if (scrollTop < this.#lastTop) this.#pinned = false;
    this.#lastTop = scrollTop;
    if (this.#pinned) this.#showUnseen(0);
  }

  #showUnseen(count) {
    this.#unseen = count;
    this.#jump.hidden = count === 0;
    this.#jump.textContent = `${count} new ${count === 1 ? 'message' : 'messages'}`;
  }
}

export function create(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function createItem(className, at, ...children) {
  const item = create('li', { className, at }, ...children);
  item.dataset.day = at.toDateString();
  return item;
}

export function createMessage({ from, data, at }, own) {
  const sender = create('bdi', { className: 'from', textContent: from });
  return createItem(own ? 'message own' : 'message', at,
    create('p', { className: 'meta' }, sender, ' ', createTime(at)),
    create('p', { className: 'text', dir: 'auto', textContent: data }));
}

function createPending(ref, data) {
  const item = create('li', { className: 'message own pending' },
    create('p', { className: 'text', dir: 'auto', textContent: data }),
    create('p', { className: 'fate' }, 'Sending…'));
  item.dataset.ref = ref;
  return item;
}

export function createNotice(name, what) {
  const now = new Date();
  return createItem('notice', now, create('bdi', { textContent: name }), ` ${what} `, createTime(now));
}

function createTime(at) {
  return create('time', { dateTime: at.toISOString(), textContent: timeFormat.format(at) });
}

/** Marks a message that follows shortly after another one from the same person. */
function group(item) {
  if (!item?.matches('.message')) return;
  const sender = (message) => message.querySelector('.from').textContent;
  const previous = item.previousElementSibling;
  item.classList.toggle('grouped', previous.matches('.message') && sender(previous) === sender(item)
    && item.at - previous.at < GROUP_WINDOW);
}
