import { clearMessages, form, input, showMessage, showStatus, showTyping, user } from './view.js';

const room = 'lobby';
const connection = new signalR.HubConnectionBuilder()
  .withUrl(`/chat?name=${encodeURIComponent(user)}`)
  .withAutomaticReconnect()
  .build();

connection.on('Message', (_, { from, text, at }) => showMessage(from, text, at));
connection.on('Typing', (_, from) => showTyping(from));
connection.onreconnecting(() => showStatus('Reconnecting…'));
connection.onreconnected(enter);
connection.onclose(() => showStatus('The connection is lost. Reload the page.'));

form.onsubmit = async (event) => {
  event.preventDefault();
  try {
    await connection.invoke('Send', room, input.value);
    input.value = '';
  } catch (error) {
    showStatus(error.message);
  }
};
input.oninput = () => connection.send('Typing', room);

await connection.start();
await enter();

// The group must be joined again on each connection, which brings all of its messages again.
async function enter() {
  clearMessages();
  await connection.invoke('Join', room);
  showStatus(`You are ${user}.`);
}
