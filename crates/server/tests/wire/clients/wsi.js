// Listens to PortSIP's WSI under TLS with ws, at both addresses; prints what came.
'use strict';

const { readFileSync } = require('node:fs');
const { WebSocket } = require('ws');
const [, , newer, older, certificate, token] = process.argv;
const ca = readFileSync(certificate);
const say = (thing) => process.stdout.write(JSON.stringify(thing) + '\n');

// Subscribes to a topic, and is told so by the second answer.
function listen(name, address, topic) {
    return new Promise((then) => {
        const socket = new WebSocket(address, { ca });
        const ask = (thing) => socket.send(JSON.stringify(thing));
        let answers = 0;
        socket.on('error', (error) => say({ error: String(error) }));
        socket.on('open', () => {
            say({ name, protocol: socket._socket.getProtocol(), authorized: socket._socket.authorized });
            ask({ command: 'auth', id: '1', access_token: token });
            ask({ command: 'subscribe', id: '2', topics: [topic] });
        });
        socket.on('message', (text) => {
            const message = JSON.parse(text);
            if (message.event_type === undefined && ++answers === 2) then();
            say({ name, message });
        });
    });
}

// Who does not know the certificate does not connect.
new WebSocket(newer).on('error', async (error) => {
    say({ stranger: error.code });
    await listen('newer', newer, 'queue_events');
    await listen('older', older, 'extension_events');
    say({ ready: true });
});
