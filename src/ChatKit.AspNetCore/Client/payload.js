// The content of a message, in a frame and in an event.

export function toPayload(data) {
  // Half a surrogate pair has no UTF-8 encoding.
  if (typeof data === 'string') return { data: data.toWellFormed() };
  if (data instanceof Uint8Array) return { base64: btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join('')) };
  if (!Array.isArray(data) && Object.prototype.toString.call(data) !== '[object Object]') {
    throw new TypeError('ChatKit sends a string, a Uint8Array, or a plain object or array.');
  }

  // A copy, because the message can be sent again later.
  return { json: JSON.parse(JSON.stringify(data, (key, value) => (typeof value === 'string' ? value.toWellFormed() : value))) };
}

export function fromPayload({ data, base64, json }) {
  if (json !== undefined) return { json };
  return { data: base64 === undefined ? data : Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)) };
}
