import { connect } from './_content/ChatKit.AspNetCore/chatkit.js';
import { form, input, showMessage, showStatus, showTyping, user } from './view.js';

const chat = connect(`chat/lobby?name=${encodeURIComponent(user)}`);

chat.on('message', ({ from, data, at }) => showMessage(from, data, at));
chat.on('gap', () => showStatus('Some messages are no longer stored.'));
chat.on('signal', ({ from }) => showTyping(from));
chat.on('state', ({ state }) => showStatus(state === 'live' ? `You are ${user}.` : `${state}…`));

form.onsubmit = (event) => {
  event.preventDefault();
  chat.send(input.value).catch(({ message }) => showStatus(message));
  input.value = '';
};
input.oninput = () => chat.signal('typing');
