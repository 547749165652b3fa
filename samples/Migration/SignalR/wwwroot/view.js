// What the page shows. It doesn't depend on how messages arrive.
const get = (id) => document.getElementById(id);
let typingUntil;

export const form = get('form');
export const input = get('text');
export const user = new URLSearchParams(location.search).get('name') || 'guest';

export function showStatus(text) {
  get('status').textContent = text;
}

export function showMessage(from, text, at) {
  const item = document.createElement('li');
  item.textContent = `${new Date(at).toLocaleTimeString()} ${from ?? 'Announcement'}: ${text}`;
  get('messages').append(item);
}

export function clearMessages() {
  get('messages').replaceChildren();
}

export function showTyping(from) {
  get('typing').textContent = `${from} is typing…`;
  clearTimeout(typingUntil);
  typingUntil = setTimeout(() => { get('typing').textContent = ''; }, 4000);
}
