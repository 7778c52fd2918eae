// A phone as browsers are: JsSIP over a WebSocket, here that of ws, since Node has none. Prints what becomes of it. Nothing
// in it makes audio: it rings, and declines when a line says so.
'use strict';

const { readFileSync } = require('node:fs');
const { createInterface } = require('node:readline');
const ws = require('ws');
const JsSIP = require('jssip');
const [, , address, certificate, uri, password] = process.argv;
const ca = readFileSync(certificate);
const say = (thing) => process.stdout.write(JSON.stringify(thing) + '\n');

globalThis.window = globalThis;
// JsSIP looks whether it is there before it rings, and uses it to answer only.
globalThis.RTCPeerConnection = class {};
globalThis.WebSocket = class extends ws.WebSocket {
    constructor(url, protocols) {
        super(url, protocols, { ca });
        this.on('open', () => say({ protocol: this.protocol, authorized: this._socket.authorized }));
    }
};

const phone = new JsSIP.UA({
    sockets: [new JsSIP.WebSocketInterface(address)],
    uri,
    password,
    register_expires: 120,
});
let session;
phone.on('registered', () => say({ phone: 'registered' }));
phone.on('unregistered', ({ response }) => say({ phone: 'unregistered', code: response?.status_code ?? null }));
phone.on('registrationFailed', ({ response }) => say({ phone: 'refused', code: response.status_code }));
phone.on('newRTCSession', (event) => {
    session = event.session;
    session.on('progress', () => say({ phone: 'rings', caller: session.remote_identity.uri.user }));
    session.on('failed', ({ cause }) => say({ phone: 'over', cause }));
});
createInterface({ input: process.stdin }).on('line', () => {
    if (session?.isInProgress()) session.terminate({ status_code: 486 });
    else phone.unregister();
});
phone.start();
