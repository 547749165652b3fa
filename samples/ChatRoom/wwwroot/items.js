import { create, withLinks } from './dom.js';

const GROUP_WINDOW = 5 * 60_000;

const timeFormat = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const dayFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'full' });

/** An item of a list of messages, with a time. */
function createItem(className, at, ...children) {
  const item = create('li', { className, at }, ...children);
  item.dataset.day = at.toDateString();
  return item;
}

export function createMessage(message, own) {
  const { position, from, at } = message;
  const item = createItem(own ? 'message own' : 'message', at,
    create('p', { className: 'meta' }, create('bdi', { className: 'from', textContent: from }), ' ', createTime(at)),
    create('p', { className: 'text', dir: 'auto' }),
    create('p', { className: 'note' }));
  Object.assign(item, { position, from });
  showContent(item, message);
  return item;
}

/** Shows a message as it is now. */
export function showContent(item, { data, json, edited, deleted }) {
  const text = typeof data === 'string' ? data : json === undefined ? '(binary data)' : JSON.stringify(json);
  item.data = deleted ? '' : text;
  item.classList.toggle('deleted', deleted);
  item.querySelector('.text').replaceChildren(...(deleted ? ['This message was deleted.'] : withLinks(text)));
  item.querySelector('.note').textContent = edited && !deleted ? 'edited' : '';
  if (deleted) item.querySelector('.tools')?.remove();
}

export function addTools(item, tools) {
  const buttons = Object.entries(tools).map(([name, act]) => {
    const ariaLabel = `${name} message: ${item.data.slice(0, 50)}`;
    const button = create('button', { type: 'button', className: 'quiet', textContent: name, ariaLabel });
    button.addEventListener('click', act);
    return button;
  });
  item.append(create('div', { className: 'tools' }, ...buttons));
}

/** Shows who has read the room up to this message. */
export function showReaders(item, names) {
  item.querySelector('.seen')?.remove();
  if (names.length === 0) return;
  const shown = names.slice(0, 3).flatMap((name, index) => [index ? ', ' : '', create('bdi', { textContent: name })]);
  const more = names.length > 3 ? [` and ${names.length - 3} more`] : [];
  item.append(create('p', { className: 'seen' }, 'Seen by ', ...shown, ...more));
}

export function createPending(ref, text) {
  const item = create('li', { className: 'message own pending' },
    create('p', { className: 'text', dir: 'auto', textContent: text }),
    create('p', { className: 'fate' }, 'Sending…'));
  item.dataset.ref = ref;
  return item;
}

export function createNotice(name, what) {
  const now = new Date();
  return createItem('notice', now, create('bdi', { textContent: name }), ` ${what} `, createTime(now));
}

export function createDay(at) {
  return createItem('day', at, dayFormat.format(at));
}

export function createGap(at, text) {
  return createItem('gap', at, text);
}

export function createDivider(at) {
  return createItem('unread', at, 'New messages');
}

function createTime(at) {
  return create('time', { dateTime: at.toISOString(), textContent: timeFormat.format(at) });
}

/** Marks a message that follows shortly after another one from the same person. */
export function group(item) {
  if (!item?.matches('.message')) return;
  const previous = item.previousElementSibling;
  item.classList.toggle('grouped', Boolean(previous?.matches('.message')) && previous.from === item.from
    && item.at - previous.at < GROUP_WINDOW);
}
