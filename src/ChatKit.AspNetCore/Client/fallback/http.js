// What event streams and polls have in common.

const EARLY = [429, 502, 503, 504]; // The same request can succeed later.
const NOT_OFFERED = [405, 406, 415, 426, 501];

// What would end again on a new connection, as for a WebSocket. Otherwise, a new one helps.
export const POST_ENDS = {
  400: { code: 1007, reason: 'The server could not read what the client sent.' },
  401: { code: 1008, reason: '' },
  413: { code: 1009, reason: 'The request was too large for the server.' },
  415: { code: 1007, reason: 'The server does not accept JSON.' },
};

export const isEarly = ({ status }) => EARLY.includes(status);

/** The address without what a handshake adds to it. */
export function addressOf(url) {
  const address = new URL(url);
  address.protocol = address.protocol.replace('ws', 'http');
  for (const name of ['after', 'connection', 'resume']) address.searchParams.delete(name);
  return address;
}

export const request = (url, token, headers, options) => fetch(url, {
  cache: 'no-store',
  credentials: 'include', // as for a WebSocket
  headers: { ...headers, ...(token && { Authorization: `Bearer ${token}` }) },
  ...options,
});

/** A small request survives the page. */
export const post = (url, token, body, headers) => request(url, token, { 'Content-Type': 'application/json', ...headers }, {
  method: 'POST', body, keepalive: body.length < 8_000,
});

/** The delay that the server asks for, in milliseconds. */
export function delayOf({ headers }) {
  const seconds = headers.get('Retry-After');
  return seconds === null ? undefined : Number(seconds) * 1_000 || 0;
}

export async function readProblem(response) {
  const text = await response.text().catch(() => '');
  try {
    return JSON.parse(text);
  } catch {
    return { detail: response.headers.get('Content-Type')?.startsWith('text/plain') ? text.trim() : '' };
  }
}

/** How a WebSocket would end in place of this response. A proxy that hasn't found the server tells nothing about the transport. */
export function toEnd(response, { closeCode, detail: reason = '' }) {
  const { status } = response;
  if (closeCode) return { code: closeCode, reason };
  if ([400, 401, 403].includes(status)) return { code: 1008, reason };
  if ([429, 503].includes(status)) return { code: 1013, reason, earliest: delayOf(response) };
  const isNotOffered = response.ok || NOT_OFFERED.includes(status);
  return { code: 1006, reason, isNotOffered, isUnknown: !isNotOffered };
}

export const BROKEN = { code: 1006, reason: '' };

/** There is no answer at all, so the server can be down. */
export const LOST = { ...BROKEN, isUnknown: true };
