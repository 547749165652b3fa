// A position is `epoch:sequence`.

export function parse(position = ':') {
  const colon = position.lastIndexOf(':');
  return [position.slice(0, colon), Number(position.slice(colon + 1))];
}

export function move(position, by) {
  const [epoch, sequence] = parse(position);
  return `${epoch}:${sequence + by}`;
}

/** Positions of different epochs can't be compared, and count as new. */
export function isAfter(position, other) {
  const [[epoch, sequence], [otherEpoch, last]] = [parse(position), parse(other)];
  return epoch !== otherEpoch || sequence > last;
}
