export const byId = (id) => document.getElementById(id);

export function create(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Setting the same text again would make screen readers repeat it. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const ADDRESS = /\bhttps?:\/\/[^\s<>"]+/gi;

/** Text and links, as nodes. Never as HTML, so nothing in a message can run. */
export function withLinks(text) {
  const nodes = [];
  let end = 0;
  for (const { 0: match, index } of text.matchAll(ADDRESS)) {
    // What follows an address in a sentence isn't part of it.
    const address = match.replace(match.includes('(') ? /[.,;:!?'\]]+$/ : /[.,;:!?'\])]+$/, '');
    if (!URL.canParse(address)) continue;
    nodes.push(text.slice(end, index));
    nodes.push(create('a', { href: address, target: '_blank', rel: 'noopener noreferrer nofollow', textContent: address }));
    end = index + address.length;
  }
  return [...nodes, text.slice(end)];
}
