import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { findOnPath, required } from './requirement.js';

/** The sample as a process. */
export class ChatRoom {
  address; // a URL
  #process;

  static async start() {
    const room = new ChatRoom();
    const command = ['dotnet', required('server'), '--port', '0'];
    // On Linux, the kernel ends it if the tests end without having done so.
    if (findOnPath('setpriv')) command.unshift('setpriv', '--pdeathsig', 'KILL');
    room.#process = spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface(room.#process.stdout)) {
      const [, address] = /^Open (http:\S+) in your browser/.exec(line) ?? [];
      if (!address) continue;
      room.address = new URL(address);
      room.#process.stdout.resume();
      return room;
    }

    throw new Error('The sample did not start.');
  }

  /** Ends it without warning. */
  async kill() {
    if (this.#process.exitCode !== null || this.#process.signalCode) return;
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
  }
}
