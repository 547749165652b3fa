import { connect } from './_content/ChatKit.AspNetCore/chatkit.js';

const SHOWN = 120;
const SERIES = [
  { name: 'temperature', title: 'Temperature', unit: '°C' },
  { name: 'humidity', title: 'Humidity', unit: '%' },
  { name: 'power', title: 'Power', unit: 'W' },
];

const readings = [];
for (const series of SERIES) {
  const card = document.querySelector('template').content.cloneNode(true).firstElementChild;
  card.querySelector('h2').textContent = series.title;
  card.querySelector('.unit').textContent = series.unit;
  card.querySelector('svg').ariaLabel = `${series.title} over the last minute`;
  series.card = card;
  document.querySelector('main').append(card);
}

const chat = connect('live');
chat.on('message', ({ json }) => {
  readings.push(json);
  if (readings.length > SHOWN) readings.shift();
  requestDraw();
});
chat.on('gap', ({ reset }) => {
  if (reset) readings.length = 0; // Without Redis, a server that restarts begins anew.
});
chat.on('state', ({ state }) => {
  const element = document.getElementById('state');
  element.dataset.state = state;
  element.textContent = state;
});

/** Draws once per frame, however many readings arrive together. */
let frame;
function requestDraw() {
  frame ??= requestAnimationFrame(() => {
    frame = undefined;
    SERIES.forEach(draw);
  });
}

function draw({ name, card }) {
  if (readings.length === 0)
    return;
  const values = readings.map((reading) => reading[name]);
  const [min, max] = [Math.min(...values), Math.max(...values)];
  const y = (value) => 38 - ((value - min) / (max - min || 1)) * 36;
  const start = SHOWN - values.length;
  const line = values.map((value, index) => `${start + index} ${y(value).toFixed(2)}`).join('L');
  card.querySelector('.line').setAttribute('d', `M${line}`);
  card.querySelector('.area').setAttribute('d', `M${start} 40L${line}L${SHOWN - 1} 40Z`);
  card.querySelector('output').textContent = values.at(-1).toFixed(1);
  card.querySelector('.range').textContent = `${min.toFixed(1)} to ${max.toFixed(1)} · ${values.length} readings`;
}
