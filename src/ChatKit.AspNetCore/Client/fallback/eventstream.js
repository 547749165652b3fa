import { BROKEN, LOST, POST_ENDS, addressOf, delayOf, isEarly, post, readProblem, request, toEnd } from './http.js';

const MAX_RETRIES = 4; // after which a new stream has better prospects

const encoder = new TextEncoder();

/** A transport: the server's frames arrive as events, and those of the client leave in numbered posts. */
export function eventStream({ url, token, signal, connection, hear, end }) {
  const waiting = [];
  const target = addressOf(url);
  let proof; // that the stream is this client's
  let limit;
  let number = 0;
  let isPosting = false;

  const finish = (event) => signal.aborted || end(event);

  read().catch(() => finish(BROKEN));

  return (frame) => {
    waiting.push(frame);
    if (!isPosting) send();
  };

  async function read() {
    const address = addressOf(url);
    address.search = url.search;
    const response = await request(address, token, { Accept: 'text/event-stream' }, { signal }).catch(() => {});
    if (!response) {
      finish(LOST);
      return;
    }

    if (!response.ok || !response.headers.get('Content-Type')?.startsWith('text/event-stream')) {
      if (response.ok) response.body?.cancel();
      finish(toEnd(response, response.ok ? {} : await readProblem(response)));
      return;
    }

    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { value, done } = await reader.read();
      if (signal.aborted) return;
      if (done) break;
      const events = (rest + value).split(/\r?\n\r?\n/);
      rest = events.pop();
      for (const event of events) {
        if (!take(event)) return;
      }
    }

    finish(BROKEN);
  }

  /** False after the last event. */
  function take(event) {
    const fields = { event: '', data: '' };
    for (const line of event.split(/\r?\n/)) {
      const [, name, value] = /^(event|data): ?(.*)$/.exec(line) ?? [];
      if (name) fields[name] += value;
    }

    if (fields.event === 'close') {
      finish(JSON.parse(fields.data));
      return false;
    }

    if (!proof && fields.data) ({ token: proof, limit } = JSON.parse(fields.data)); // of `welcome`
    hear(fields.data); // Nothing, if it was a comment.
    return !signal.aborted;
  }

  /** One post at a time, with all frames that wait. */
  async function send() {
    isPosting = true;
    await undefined; // Others can follow at once.
    while (waiting.length && !signal.aborted) {
      let size = 1;
      const count = waiting.findIndex((frame) => (size += encoder.encode(frame).length + 1) > limit);
      const frames = waiting.splice(0, count < 0 ? waiting.length : Math.max(1, count));
      await deliver(frames.length === 1 ? frames[0] : `[${frames}]`, ++number);
    }
    isPosting = false;
  }

  /** Sends the same again, with the same number, until the server has it. */
  async function deliver(body, sequence) {
    for (let failures = 0; !signal.aborted;) {
      let delay;
      try {
        const response = await post(target, token, body, { 'ChatKit-Connection': proof, 'ChatKit-Sequence': sequence });
        if (response.status === 202) return;
        if (!isEarly(response)) {
          finish(POST_ENDS[response.status] ?? LOST);
          return;
        }

        delay = delayOf(response);
      } catch {
        if (failures++ >= MAX_RETRIES) {
          finish(LOST);
          return;
        }
      }

      await new Promise((resolve) => setTimeout(resolve, delay ?? connection.backoff(failures)));
    }
  }
}
