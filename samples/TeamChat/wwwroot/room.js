export const byId = (id) => document.getElementById(id);

const fromTemplate = (id) => byId(id).content.cloneNode(true).firstElementChild;
const timeFormat = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const TYPING_TIME = 4_000; // somewhat longer than between two signals

/** A circle with the first letter of a name, always in the same colour. */
export function showAvatar(element, name) {
  const hue = [...name].reduce((sum, letter) => sum * 31 + letter.codePointAt(0), 7) % 360;
  element.classList.add('avatar');
  element.textContent = name[0].toUpperCase();
  element.style.setProperty('--hue', hue);
}

/** A room that the user is in, shown or not. */
export class RoomView {
  unread = 0;
  here = [];
  members = {};
  typing = new Map(); // timers, by name
  item = document.createElement('li'); // of the list of rooms

  #room;
  #user;
  #page;
  #view = fromTemplate('transcript');
  #messages = this.#view.querySelector('.messages');
  #older = this.#view.querySelector('.older');
  #byPosition = new Map();
  #readers = new Map(); // positions of the others, by name
  #readUpTo;
  #isLive = false;

  /** @param page `changed()`, `edit(position, text)`, `problem(error)` */
  constructor(room, user, page) {
    this.#room = room;
    this.#user = user;
    this.#page = page;
    const button = Object.assign(document.createElement('button'), { type: 'button' });
    button.append(`# ${room.name}`, Object.assign(document.createElement('span'), { className: 'badge', hidden: true }));
    this.item.append(button);

    room.on('message', (message) => this.#add(message));
    room.on('change', ({ position, ...change }) => {
      const item = this.#byPosition.get(position);
      if (item) this.#fill(item, { ...change, edited: change.at });
    });
    room.on('gap', ({ missed, reset }) => this.#addLine('gap', reset ? 'Older messages were lost' : `${missed} messages are missing here`));
    room.on('live', ({ read, unread }) => {
      if (!this.#isLive) this.#older.hidden = this.#byPosition.size < 50;
      this.#isLive = true;
      this.#readUpTo = read ?? this.#readUpTo;
      this.unread = unread;
      this.#changed();
      this.#divide();
      this.#markRead();
    });
    room.on('presence', ({ here, members }) => {
      this.here = here.toSorted();
      this.members = members;
      this.#changed();
    });
    room.on('signal', ({ from, name }) => name === 'typing' && this.#startTyping(from));
    room.on('read', (read) => this.#follow(read));
    room.on('ack', () => this.#showPending());
    room.on('error', (error) => {
      this.#showPending();
      page.problem(error);
    });
    this.#older.addEventListener('click', () => this.#loadOlder());
    document.addEventListener('visibilitychange', () => this.#markRead());
    this.#showPending(); // from before a reload
  }

  get name() {
    return this.#room.name;
  }

  get #isShown() {
    return this.#view.isConnected && !document.hidden;
  }

  show(parent) {
    parent.append(this.#view);
    this.#scrollToEnd();
    this.#divide();
    this.#markRead();
    this.#changed();
  }

  hide() {
    this.#messages.querySelector('.divider')?.remove();
    this.#view.remove();
  }

  // The events report the outcome, also of messages from before a reload.

  send(text) {
    this.#room.send(text).catch(() => {});
    this.#showPending();
    this.#scrollToEnd();
  }

  edit(position, text) {
    this.#room.edit(position, text).catch(() => {});
  }

  type() {
    this.#room.signal('typing');
  }

  #add(message) {
    const { from, live, position } = message;
    const isAtEnd = this.#isAtEnd();
    this.#messages.append(this.#create(message));
    this.#stopTyping(from);
    if (isAtEnd || from === this.#user) this.#scrollToEnd();
    if (!live) return;
    if (from === this.#user) this.#readUpTo = position;
    else this.unread++;
    this.#markRead();
    this.#changed();
  }

  #create(message) {
    const { from, at, position } = message;
    const item = fromTemplate('message');
    showAvatar(item.querySelector('.avatar'), from);
    item.from = from;
    item.querySelector('.from').textContent = from;
    item.querySelector('time').textContent = timeFormat.format(at);
    item.querySelector('time').dateTime = at.toISOString();
    item.querySelector('.edit').addEventListener('click', () => this.#page.edit(position, item.querySelector('.text').textContent));
    item.querySelector('.delete').addEventListener('click', () => {
      if (confirm('Delete this message?')) this.#room.delete(position).catch(() => {});
    });
    this.#fill(item, message);
    this.#byPosition.set(position, item);
    return item;
  }

  #fill(item, { data, edited, deleted }) {
    item.classList.toggle('deleted', deleted);
    item.querySelector('.text').textContent = deleted ? 'This message was deleted.' : data;
    item.querySelector('.note').textContent = edited && !deleted ? '(edited)' : '';
    item.querySelector('.tools').hidden = deleted || item.from !== this.#user;
  }

  #addLine(className, text) {
    const line = Object.assign(document.createElement('li'), { className, textContent: text });
    this.#messages.append(line);
    return line;
  }

  #showPending() {
    const pending = this.#room.pending.filter(({ kind }) => kind === 'message');
    this.#view.querySelector('.pending').replaceChildren(...pending.map(({ data }) =>
      Object.assign(document.createElement('li'), { textContent: data })));
  }

  async #loadOlder() {
    const before = this.#view.scrollHeight - this.#view.scrollTop;
    const { messages, more } = await this.#room.older(50);
    const known = [...this.#byPosition];
    this.#byPosition.clear();
    this.#messages.prepend(...messages.map((message) => this.#create(message)));
    for (const [position, item] of known) this.#byPosition.set(position, item);
    this.#older.hidden = !more;
    this.#view.scrollTop = this.#view.scrollHeight - before;
  }

  // What users have read

  #markRead() {
    const last = [...this.#byPosition.keys()].at(-1);
    if (!this.#isLive || !this.#isShown || !last) return;
    this.unread = 0;
    this.#readUpTo = last;
    this.#room.read(last);
    this.#changed();
  }

  /** Shows where the unread messages begin. */
  #divide() {
    const last = this.#byPosition.get(this.#readUpTo);
    if (!this.#isShown || !this.unread || !last?.nextElementSibling) return;
    this.#messages.querySelector('.divider')?.remove();
    last.after(this.#addLine('divider', 'New messages'));
    last.nextElementSibling.scrollIntoView({ block: 'center' });
  }

  #follow({ user, position }) {
    if (user === this.#user) {
      // Perhaps on another device.
      const items = [...this.#byPosition];
      const index = items.findIndex(([other]) => other === position);
      if (index < 0 || this.#isShown) return;
      this.#readUpTo = position;
      this.unread = items.slice(index + 1).filter(([, { from }]) => from !== this.#user).length;
      this.#changed();
      return;
    }

    this.#readers.set(user, position);
    for (const [other, item] of this.#byPosition) {
      const names = [...this.#readers].filter(([name, read]) => read === other && name !== item.from).map(([name]) => name);
      item.querySelector('.seen').textContent = names.length ? `Seen by ${names.join(', ')}` : '';
    }
  }

  // Who is typing

  #startTyping(name) {
    clearTimeout(this.typing.get(name));
    this.typing.set(name, setTimeout(() => this.#stopTyping(name), TYPING_TIME));
    this.#changed();
  }

  #stopTyping(name) {
    clearTimeout(this.typing.get(name));
    if (this.typing.delete(name)) this.#changed();
  }

  #changed() {
    const badge = this.item.querySelector('.badge');
    badge.textContent = this.unread;
    badge.ariaLabel = `${this.unread} unread`;
    badge.hidden = !this.unread || this.#isShown;
    this.#page.changed();
  }

  #isAtEnd() {
    return this.#view.scrollHeight - this.#view.scrollTop - this.#view.clientHeight < 40;
  }

  #scrollToEnd() {
    this.#view.scrollTop = this.#view.scrollHeight;
  }
}
