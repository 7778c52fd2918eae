// A client of the Webitel dialect's WebSocket, by ws.
'use strict';

const { WebSocket } = require('ws');
const say = (thing) => process.stdout.write(JSON.stringify(thing) + '\n');

// One request after the other; whatever answers none of them is an event.
class Client {
    constructor(port, opened) {
        this.waiting = new Map();
        this.count = 0;
        this.socket = new WebSocket(`ws://127.0.0.1:${port}/`);
        this.socket.on('open', () => opened(this));
        this.socket.on('error', (error) => say({ error: String(error) }));
        this.socket.on('message', (text) => {
            const frame = JSON.parse(text);
            const id = frame['exec-uuid'] ?? frame.seq_reply;
            const then = this.waiting.get(id);
            if (then) {
                this.waiting.delete(id);
                then(frame);
            } else {
                this.events = (this.events ?? 0) + 1;
                say({ event: frame });
                if (this.events === this.wanted) this.enough();
            }
        });
    }

    exec(func, args = {}) {
        const id = `u${++this.count}`;
        return this.send(id, { 'exec-uuid': id, 'exec-func': func, 'exec-args': args });
    }

    act(action, data = {}) {
        const seq = ++this.count;
        return this.send(seq, { seq, action, data });
    }

    // Until so many events have come in all.
    heard(wanted) {
        if ((this.events ?? 0) >= wanted) return Promise.resolve();
        this.wanted = wanted;
        return new Promise((then) => { this.enough = then; });
    }

    send(id, frame) {
        return new Promise((then) => {
            this.waiting.set(id, then);
            this.socket.send(JSON.stringify(frame));
        });
    }
}

module.exports = { Client, say };
